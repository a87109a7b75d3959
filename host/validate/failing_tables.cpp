// SPDX-License-Identifier: MIT
// Services that fail on demand, with the status and the text that a real failure would have.
#include <knack/abi/knack.h>

#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "host/plugin/guard.hpp"
#include "host/validate/disguise.hpp"
#include "host/validate/fixed_text.hpp"

namespace knack::host {
namespace {

/// The host's own table of a type, and its id.
template <class Table>
const Table* original = nullptr;
template <class Table>
std::string id_of;

/// Whether the service is to fail; its text is set then.
template <class Table>
bool strikes(const char* function) {
  const std::string service = id_of<Table> + " " + function;
  if (!disguise_in_force().strikes(service.c_str())) return false;
  set_error_text(service + " was made to fail");
  return true;
}

template <auto slot, FixedText name>
struct Service;

template <class Table, class Result, class... Arguments, Result (*Table::*slot)(Arguments...),
          FixedText name>
struct Service<slot, name> {
  using TableOfSlot = Table;

  static Result call(Arguments... arguments) {
    if (!strikes<Table>(name.text)) return (original<Table>->*slot)(arguments...);
    return std::is_same_v<Result, std::int64_t> ? Result{-1} : Result{KNACK_STATUS_FAILED};
  }
};

/// An application that fails gives up the function that it was given, as the ABI says.
template <>
std::int32_t Service<&knack_autograd_api_t::apply, "apply">::call(
    const knack_host_t* host, const knack_function_t* function, knack_tensor_t* const* inputs,
    std::uint64_t input_count, knack_tensor_t** outputs, std::uint64_t output_count) {
  if (!strikes<knack_autograd_api_t>("apply")) {
    return original<knack_autograd_api_t>->apply(host, function, inputs, input_count, outputs,
                                                 output_count);
  }
  if (function->destroy != nullptr) function->destroy(function->user);
  return KNACK_STATUS_FAILED;
}

template <FixedText... names>
struct Names {};

template <class Names, auto... slots>
struct Failing;

template <FixedText... names, auto first, auto... others>
struct Failing<Names<names...>, first, others...> {
  using Table = typename Service<first, "">::TableOfSlot;

  template <auto... slots>
  static void replace(Table& table) {
    ((table.*slots = Service<slots, names>::call), ...);
  }

  static std::vector<std::byte> make(const std::string& id, const void* table) {
    original<Table> = static_cast<const Table*>(table);
    id_of<Table> = id;
    Table copy = *original<Table>;
    replace<first, others...>(copy);
    std::vector<std::byte> bytes(sizeof(Table));
    std::memcpy(bytes.data(), &copy, sizeof(Table));
    return bytes;
  }
};

using Make = std::vector<std::byte> (*)(const std::string& id, const void* table);
using Aten = knack_aten_api_t;
using Autograd = knack_autograd_api_t;
using Data = knack_data_api_t;
using Dlpack = knack_dlpack_api_t;
using Metrics = knack_metrics_api_t;
using Norm = knack_norm_api_t;
using Params = knack_params_api_t;
using Tensor = knack_tensor_api_t;
using Weights = knack_weights_api_t;

// Of each table the functions that have a status, or a count that may be negative.
const std::map<std::string_view, Make> kMakers = {
    {KNACK_EXT_ATEN, Failing<Names<"find", "call">, &Aten::find, &Aten::call>::make},
    {KNACK_EXT_AUTOGRAD, Failing<Names<"apply", "save", "saved", "gradients">, &Autograd::apply,
                                 &Autograd::save, &Autograd::saved, &Autograd::gradients>::make},
    {KNACK_EXT_DATA,
     Failing<Names<"train_samples", "pass">, &Data::train_samples, &Data::pass>::make},
    {KNACK_EXT_DLPACK,
     Failing<Names<"export_tensor", "import_tensor", "export_unversioned", "import_unversioned">,
             &Dlpack::export_tensor, &Dlpack::import_tensor, &Dlpack::export_unversioned,
             &Dlpack::import_unversioned>::make},
    {KNACK_EXT_METRICS,
     Failing<Names<"report", "summarize">, &Metrics::report, &Metrics::summarize>::make},
    {KNACK_EXT_NORM, Failing<Names<"count", "get", "set_momentum", "observe">, &Norm::count,
                             &Norm::get, &Norm::set_momentum, &Norm::observe>::make},
    {KNACK_EXT_PARAMS,
     Failing<Names<"count", "get", "gradient", "set_option", "group_count", "get_group_option",
                   "set_group_option">,
             &Params::count, &Params::get, &Params::gradient, &Params::set_option,
             &Params::group_count, &Params::get_group_option, &Params::set_group_option>::make},
    {KNACK_EXT_TENSOR, Failing<Names<"describe", "create", "retain">, &Tensor::describe,
                               &Tensor::create, &Tensor::retain>::make},
    {KNACK_EXT_WEIGHTS,
     Failing<Names<"find", "publish", "count", "get", "copy", "save", "load", "remove", "evaluate">,
             &Weights::find, &Weights::publish, &Weights::count, &Weights::get, &Weights::copy,
             &Weights::save, &Weights::load, &Weights::remove, &Weights::evaluate>::make},
};

}  // namespace

const void* failing_table(const std::string& id, const void* table) {
  static auto& made = *new std::map<std::string, std::vector<std::byte>>;
  const auto maker = kMakers.find(id);
  if (maker == kMakers.end()) return table;
  std::vector<std::byte>& kept = made[id];
  if (kept.empty()) kept = maker->second(id, table);
  return kept.data();
}

}  // namespace knack::host

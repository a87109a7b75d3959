// SPDX-License-Identifier: MIT
// knack.aten/1: the gateway to all ATen operators.
#include <ATen/ATen.h>
#include <ATen/core/dispatch/Dispatcher.h>
#include <knack/abi/ext/aten.h>

#include <algorithm>
#include <map>
#include <memory_resource>
#include <mutex>
#include <utility>
#include <vector>

#include "host/plugin/tensor_handle.hpp"
#include "host/services/operator_arguments.hpp"
#include "host/services/random_stream.hpp"
#include "host/services/services.hpp"
#include "host/services/status.hpp"

namespace knack::host {
namespace {

using Stack = torch::jit::Stack;

constexpr const char* kNeedsCall =
    "expected a call by the host to be in progress on this thread, found none";

/// An operator, with its schema worked out so that calls need not look at it.
class Operator {
 public:
  explicit Operator(c10::OperatorHandle handle) : handle_(std::move(handle)) {
    for (const c10::Argument& argument : handle_.schema().arguments()) {
      parameters_.emplace_back(argument);
      draws_random_numbers_ |= parameters_.back().is_generator();
    }
  }

  /// The results of a call, in order.
  Stack call(const knack_value_t* arguments, std::uint64_t count) const {
    if (count > parameters_.size()) {
      throw ServiceError(KNACK_STATUS_INVALID, "expected at most " +
                                                   std::to_string(parameters_.size()) +
                                                   " arguments, found " + std::to_string(count));
    }
    Stack stack;
    stack.reserve(std::max(parameters_.size(), handle_.schema().returns().size()));
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (i < count) {
        stack.push_back(parameters_[i].argument(arguments[i]));
      } else {
        stack.push_back(parameters_[i].default_argument());
      }
    }
    if (draws_random_numbers_) [[unlikely]]
      give_generators(stack);
    handle_.callBoxed(stack);
    return stack;
  }

  std::string name() const {
    const c10::OperatorName& name = handle_.operator_name();
    return name.overload_name.empty() ? name.name : name.name + "." + name.overload_name;
  }

 private:
  static at::Device device_of(const Stack& arguments) {
    for (const c10::IValue& argument : arguments) {
      if (argument.isTensor()) return argument.toTensor().device();
      if (argument.isDevice()) return argument.toDevice();
    }
    return at::kCPU;
  }

  /// Puts the calling instance's stream where no generator is given.
  void give_generators(Stack& arguments) const {
    const Call* call = Call::current();
    if (call == nullptr) {
      throw ServiceError(KNACK_STATUS_UNSUPPORTED, "random numbers: " + std::string(kNeedsCall));
    }
    at::Generator& stream = random_stream(call->instance(), device_of(arguments));
    for (std::size_t i = 0; i < parameters_.size(); ++i) {
      if (parameters_[i].is_generator()) arguments[i] = stream;
    }
  }

  c10::OperatorHandle handle_;
  std::vector<OperatorParameter> parameters_;
  bool draws_random_numbers_ = false;
};

knack_value_t tensor_result(const at::Tensor& tensor) {
  knack_value_t value{};
  if (!tensor.defined()) return value;  // an output that was not asked for
  value.tag = KNACK_VALUE_TENSOR;
  value.as.tensor = give_tensor(tensor);
  return value;
}

Value result(const c10::IValue& given) {
  if (given.isNone()) return {};
  if (given.isBool()) return given.toBool();
  if (given.isInt()) return given.toInt();
  if (given.isDouble()) return given.toDouble();
  if (given.isString()) return given.toStringRef();
  if (given.isTensor()) return given.toTensor();
  if (given.isList()) {
    Value::List list;
    for (const c10::IValue& item : given.toListRef()) list.push_back(result(item));
    return list;
  }
  throw ServiceError(KNACK_STATUS_UNSUPPORTED,
                     "expected results that are values, found " + given.tagKind());
}

/// Writes all results that have room, or throws and writes none.
void give_results(const Stack& results, knack_value_t* out, std::uint64_t capacity) {
  const std::size_t count = std::min<std::size_t>(results.size(), capacity);
  std::vector<Value> values(count);
  for (std::size_t i = 0; i < count; ++i) {
    const c10::IValue& given = results[i];
    if (given.isTensor()) continue;
    if (Call::current() == nullptr && (given.isList() || given.isString())) {
      throw ServiceError(KNACK_STATUS_UNSUPPORTED, "results: " + std::string(kNeedsCall));
    }
    values[i] = result(given);
  }
  std::pmr::memory_resource& memory =
      Call::current() == nullptr ? *std::pmr::null_memory_resource() : Call::memory();
  for (std::size_t i = 0; i < count; ++i) {
    out[i] = results[i].isTensor() ? tensor_result(results[i].toTensor())
                                   : give_value(values[i], memory);
  }
}

std::string& error_text() {
  thread_local std::string text;
  return text;
}

/// Keeps the thread's error text for last_error() too, with the operator's name in front.
void keep_error_text(const std::string& name) {
  error_text() = name + ": " + thread_error_text();
  set_error_text(error_text());
}

const Operator& find_operator(const std::string& name, const std::string& overload) {
  static auto* mutex = new std::mutex;
  static auto* known = new std::map<std::pair<std::string, std::string>, Operator>;
  const std::lock_guard lock(*mutex);
  const auto found = known->find({name, overload});
  if (found != known->end()) return found->second;
  auto handle = c10::Dispatcher::singleton().findSchema({name, overload});
  if (!handle) {
    throw ServiceError(
        KNACK_STATUS_NOT_FOUND,
        "expected an operator of this LibTorch with overload '" + overload + "', found none");
  }
  return known->emplace(std::pair(name, overload), Operator(*handle)).first->second;
}

std::int32_t find(const char* name, const char* overload, const knack_operator_t** out) {
  if (name == nullptr || overload == nullptr || out == nullptr) {
    set_error_text("expected a name, an overload and a place for the operator, found NULL");
    keep_error_text("find");
    return KNACK_STATUS_INVALID;
  }
  const std::int32_t status = to_status(
      [&] { *out = reinterpret_cast<const knack_operator_t*>(&find_operator(name, overload)); });
  if (status != KNACK_STATUS_OK) keep_error_text(name);
  return status;
}

std::int32_t call(const knack_operator_t* handle, const knack_value_t* arguments,
                  std::uint64_t argument_count, knack_value_t* results,
                  std::uint64_t result_capacity, std::uint64_t* result_count) {
  if (handle == nullptr || (arguments == nullptr && argument_count > 0) ||
      (results == nullptr && result_capacity > 0) || result_count == nullptr) {
    set_error_text("expected an operator, its arguments and places for results, found NULL");
    keep_error_text("call");
    return KNACK_STATUS_INVALID;
  }
  const auto& op = *reinterpret_cast<const Operator*>(handle);
  const std::int32_t status = to_status([&] {
    const Stack stack = op.call(arguments, argument_count);
    give_results(stack, results, result_capacity);
    *result_count = stack.size();
  });
  if (status != KNACK_STATUS_OK) [[unlikely]]
    keep_error_text(op.name());
  return status;
}

knack_string_t last_error() {
  return {error_text().data(), error_text().size()};
}

constexpr knack_aten_api_t kTable = {.struct_size = sizeof(knack_aten_api_t),
                                     .reserved = 0,
                                     .find = find,
                                     .call = call,
                                     .last_error = last_error};

}  // namespace

void register_aten() {
  register_extension(KNACK_EXT_ATEN, &kTable);
}

}  // namespace knack::host

// SPDX-License-Identifier: MIT
// A host for unit tests of plugins: no LibTorch, no training, and all it was told lies open.
//
//   knack::testing::FakeHost host;
//   host.params.push_back({.name = "fc.bias", .role = KNACK_ROLE_BIAS, .shape = {10}});
//   auto trick = host.create<knack_trick_t>(knack_plugin_v1, "my_trick", {{"decay", 0.5}});
//   knack_hook_context_t context = knack::testing::hook_context();
//   host.expect_ok(trick->fit_begin(trick.get(), &context));
//
// Link the plugin's source into the test. The extensions log, params, norm and metrics work on the
// members below; knack.tensor/1 has tensors without operators; there are no other extensions.
#pragma once

#include <knack/abi/kinds/trick.h>
#include <knack/sdk/fill.hpp>
#include <knack/sdk/plugin.hpp>
#include <knack/testing/fake_tensors.hpp>
#include <knack/testing/value_text.hpp>

#include <cmath>
#include <stdexcept>

namespace knack::testing {

struct FakeParam {
  std::string name;
  std::string role = KNACK_ROLE_WEIGHT;
  std::string owner_kind = {};
  std::vector<std::int64_t> shape = {};
  bool requires_grad = true;
};

struct FakeNormLayer {
  std::string name;
  double momentum = 0.1;
};

struct LogLine {
  std::uint32_t level;  ///< KNACK_LOG_*
  std::string text;
};

struct SetOption {
  std::string param;
  std::string option;
  double value;
  std::string reason;
};

struct Fact {
  std::string key;
  std::string text;  ///< the value as JSON
};

inline knack_hook_context_t hook_context() {
  knack_hook_context_t context{};
  context.struct_size = sizeof(context);
  context.monitored = std::nan("");
  return context;
}

class FakeHost {
 public:
  FakeHost();
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  // What the plugin sees.
  std::vector<FakeParam> params;
  std::vector<FakeNormLayer> norm_layers;

  // What the plugin did.
  std::vector<LogLine> log;
  std::vector<SetOption> set_options;
  std::vector<Fact> facts;    ///< given to summarize
  std::vector<Fact> reports;  ///< given to report
  std::string error;          ///< text of the last failure

  [[nodiscard]] const knack_host_t* abi() const {
    return &table_;
  }

  template <typename Abi>
  struct Destroy {
    void operator()(Abi* instance) const {
      instance->head.destroy(&instance->head);
    }
  };
  template <typename Abi>
  using Instance = std::unique_ptr<Abi, Destroy<Abi>>;

  /// An instance of the descriptor `id`. Options that are left out have their defaults. Throws
  /// std::runtime_error with the plugin's text when it refuses.
  template <typename Abi>
  Instance<Abi> create(const knack_entry_t& entry, std::string_view id, Value::Map options = {}) {
    expect_ok(entry.init(&table_));
    for (std::uint32_t i = 0; i < entry.descriptor_count; ++i) {
      if (id != entry.descriptor(i)->id) continue;
      const knack_value_t map = Value(std::move(options)).lend(&table_);
      knack_instance_t* instance = nullptr;
      expect_ok(entry.create(i, &table_, &map, &instance));
      return Instance<Abi>(reinterpret_cast<Abi*>(instance));
    }
    throw std::runtime_error("the plugin has no \"" + std::string(id) + "\"");
  }

  /// Throws std::runtime_error with the plugin's text when `status` is a failure.
  void expect_ok(std::int32_t status) const {
    if (status != KNACK_STATUS_OK) throw std::runtime_error(error);
  }

 private:
  static FakeHost& of(const knack_host_t* host) {
    return *static_cast<FakeHost*>(host->host_data);
  }
  static const void* get_extension(const knack_host_t* host, const char* id);
  static const knack_log_api_t& log_api();
  static const knack_params_api_t& params_api();
  static const knack_norm_api_t& norm_api();
  static const knack_metrics_api_t& metrics_api();
  static std::int32_t get_param(const knack_host_t* host, std::int64_t index, knack_param_t* out);
  static std::int32_t get_layer(const knack_host_t* host, std::int64_t index,
                                knack_norm_layer_t* out);

  knack_host_t table_{};
  std::vector<std::unique_ptr<std::max_align_t[]>> memory_;
  std::vector<Tensor> handles_;  // lent out
};

inline FakeHost::FakeHost() {
  table_.struct_size = sizeof(table_);
  table_.abi_major = KNACK_ABI_MAJOR;
  table_.abi_minor = KNACK_ABI_MINOR;
  table_.host_data = this;
  table_.get_extension = &FakeHost::get_extension;
  table_.set_error = [](const knack_host_t* host, std::int32_t status, knack_string_t text) {
    of(host).error = detail::from_abi(text);
    return status;
  };
  table_.allocate = [](const knack_host_t* host, std::uint64_t bytes) -> void* {
    const std::size_t count = static_cast<std::size_t>(bytes) / sizeof(std::max_align_t) + 1;
    return of(host).memory_.emplace_back(new std::max_align_t[count]).get();
  };
}

inline const void* FakeHost::get_extension(const knack_host_t* /*host*/, const char* id) {
  const std::string_view name = id;
  if (name == KNACK_EXT_TENSOR) return &fake_tensor_api();
  if (name == KNACK_EXT_LOG) return &log_api();
  if (name == KNACK_EXT_PARAMS) return &params_api();
  if (name == KNACK_EXT_NORM) return &norm_api();
  if (name == KNACK_EXT_METRICS) return &metrics_api();
  return nullptr;
}

inline const knack_log_api_t& FakeHost::log_api() {
  static const knack_log_api_t api{
      sizeof(knack_log_api_t), 0,
      [](const knack_host_t* host, std::uint32_t level, knack_string_t text) {
        of(host).log.push_back({level, std::string(detail::from_abi(text))});
      }};
  return api;
}

inline const knack_metrics_api_t& FakeHost::metrics_api() {
  static const knack_metrics_api_t api{
      sizeof(knack_metrics_api_t), 0,
      [](const knack_host_t* host, knack_string_t name, double value) -> std::int32_t {
        of(host).reports.push_back(
            {std::string(detail::from_abi(name)), detail::number_text(value)});
        return KNACK_STATUS_OK;
      },
      [](const knack_host_t* host, knack_string_t key, const knack_value_t* value) -> std::int32_t {
        of(host).facts.push_back(
            {std::string(detail::from_abi(key)), value_text(ValueView(value))});
        return KNACK_STATUS_OK;
      }};
  return api;
}

inline const knack_params_api_t& FakeHost::params_api() {
  static const knack_params_api_t api = [] {
    knack_params_api_t table{};
    table.struct_size = sizeof(table);
    table.count = [](const knack_host_t* host) {
      return static_cast<std::int64_t>(of(host).params.size());
    };
    table.get = &FakeHost::get_param;
    table.set_option = [](const knack_host_t* host, std::int64_t index, knack_string_t option,
                          double value, knack_string_t reason) -> std::int32_t {
      FakeHost& self = of(host);
      self.set_options.push_back({self.params.at(static_cast<std::size_t>(index)).name,
                                  std::string(detail::from_abi(option)), value,
                                  std::string(detail::from_abi(reason))});
      return KNACK_STATUS_OK;
    };
    return table;
  }();
  return api;
}

inline std::int32_t FakeHost::get_param(const knack_host_t* host, std::int64_t index,
                                        knack_param_t* out) {
  FakeHost& self = of(host);
  const FakeParam& param = self.params.at(static_cast<std::size_t>(index));
  const Tensor& tensor = self.handles_.emplace_back(Tensor::zeros(SizesView(param.shape)));
  detail::fill(out, knack_param_t{.struct_size = sizeof(knack_param_t),
                                  .requires_grad = param.requires_grad ? 1U : 0U,
                                  .name = detail::to_abi(param.name),
                                  .role = detail::to_abi(param.role),
                                  .owner_kind = detail::to_abi(param.owner_kind),
                                  .tensor_borrowed = tensor.handle()});
  return KNACK_STATUS_OK;
}

inline const knack_norm_api_t& FakeHost::norm_api() {
  static const knack_norm_api_t api = [] {
    knack_norm_api_t table{};
    table.struct_size = sizeof(table);
    table.count = [](const knack_host_t* host) {
      return static_cast<std::int64_t>(of(host).norm_layers.size());
    };
    table.get = &FakeHost::get_layer;
    table.set_momentum = [](const knack_host_t* host, std::int64_t index,
                            double momentum) -> std::int32_t {
      of(host).norm_layers.at(static_cast<std::size_t>(index)).momentum = momentum;
      return KNACK_STATUS_OK;
    };
    return table;
  }();
  return api;
}

inline std::int32_t FakeHost::get_layer(const knack_host_t* host, std::int64_t index,
                                        knack_norm_layer_t* out) {
  const FakeNormLayer& layer = of(host).norm_layers.at(static_cast<std::size_t>(index));
  knack_norm_layer_t filled{};
  filled.training = 1;
  filled.name = detail::to_abi(layer.name);
  filled.kind = detail::to_abi("BatchNorm2d");
  filled.momentum = layer.momentum;
  detail::fill(out, filled);
  return KNACK_STATUS_OK;
}

}  // namespace knack::testing

// SPDX-License-Identifier: MIT
// The extensions of ABI 1.0 besides tensors, operators and weights. Part of fake_host.hpp.
#pragma once

#include <knack/abi/ext/data.h>
#include <knack/abi/ext/metrics.h>
#include <knack/abi/ext/norm.h>
#include <knack/abi/ext/params.h>
#include <knack/abi/ext/rng.h>
#include <knack/testing/fake_world.hpp>
#include <knack/testing/value_text.hpp>

namespace knack::testing::fake {

/// Never fails: NULL with a size of 0 is an empty text.
inline std::string text_of(knack_string_t text) {
  if (text.size == 0) return {};
  return {text.data, static_cast<std::size_t>(text.size)};
}
inline knack_string_t lend_text(std::string_view text) {
  return {text.data(), text.size()};
}

/// Element `index` of a container. Throws Error when there is none.
template <typename Container>
auto& element_at(Container& container, std::int64_t index, const char* what) {
  if (index < 0 || static_cast<std::size_t>(index) >= container.size()) {
    throw Error(KNACK_STATUS_INVALID, std::string(what) + ": expected 0 to " +
                                          std::to_string(container.size()) + ", exclusive, found " +
                                          std::to_string(index));
  }
  return container[static_cast<std::size_t>(index)];
}

inline const knack_log_api_t& log_api() {
  static const knack_log_api_t api{
      sizeof(knack_log_api_t), 0,
      [](const knack_host_t* host, std::uint32_t level, knack_string_t text) {
        FakeWorld::of(host).log.push_back({level, text_of(text)});
      }};
  return api;
}

inline const knack_rng_api_t& rng_api() {
  static const knack_rng_api_t api{
      sizeof(knack_rng_api_t), 0,
      [](const knack_host_t* host) { return FakeWorld::of(host).next_random(); },
      [](const knack_host_t* host) { return FakeWorld::of(host).next_uniform(); }};
  return api;
}

inline bool has_tensors(ValueView value) {
  if (value.is_tensor()) return true;
  if (!value.is_list() && !value.is_map()) return false;
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (has_tensors(value[i])) return true;
  }
  return false;
}

inline const knack_metrics_api_t& metrics_api() {
  static const knack_metrics_api_t api{
      sizeof(knack_metrics_api_t), 0,
      [](const knack_host_t* host, knack_string_t name, double value) -> std::int32_t {
        FakeWorld& world = FakeWorld::of(host);
        return world.serve(KNACK_EXT_METRICS, "report", [&] {
          world.reports.push_back({text_of(name), knack::detail::number_text(value)});
        });
      },
      [](const knack_host_t* host, knack_string_t key, const knack_value_t* value) -> std::int32_t {
        FakeWorld& world = FakeWorld::of(host);
        return world.serve(KNACK_EXT_METRICS, "summarize", [&] {
          const ValueView fact(value);
          if (has_tensors(fact)) throw Error(KNACK_STATUS_INVALID, "a fact has no tensors");
          world.facts.push_back({text_of(key), value_text(fact)});
        });
      }};
  return api;
}

inline std::int32_t get_param(const knack_host_t* host, std::int64_t index, knack_param_t* out) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_PARAMS, "get", [&] {
    const FakeParam& param = element_at(world.params, index, "parameter");
    knack_param_t filled{};
    filled.struct_size = sizeof(filled);
    filled.requires_grad = param.requires_grad ? 1 : 0;
    filled.name = lend_text(param.name);
    filled.role = lend_text(param.role);
    filled.owner_kind = lend_text(param.owner_kind);
    filled.tensor_borrowed = world.weights.model_tensor(static_cast<std::size_t>(index)).handle();
    world.fill(out, filled);
  });
}

inline std::int32_t get_gradient(const knack_host_t* host, std::int64_t index,
                                 knack_tensor_t** out) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_PARAMS, "gradient", [&] {
    (void)element_at(world.params, index, "parameter");
    *out = world.run().gradient(static_cast<std::size_t>(index));
  });
}

inline std::int32_t set_param_option(const knack_host_t* host, std::int64_t index,
                                     knack_string_t option, double value, knack_string_t reason) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_PARAMS, "set_option", [&] {
    const FakeParam& param = element_at(world.params, index, "parameter");
    if (world.find_run() != nullptr && !world.run().takes_options()) {
      throw Error(KNACK_STATUS_UNSUPPORTED, "options of parameters are set in fit_begin");
    }
    world.set_options.push_back({param.name, text_of(option), value, text_of(reason)});
  });
}

inline double& group_option(FakeWorld& world, std::int64_t group, knack_string_t option) {
  FakeRun& run = world.run();
  if (group < 0 || static_cast<std::size_t>(group) >= run.group_count()) {
    throw Error(KNACK_STATUS_INVALID, "group: there is no group " + std::to_string(group));
  }
  return run.group_option(static_cast<std::size_t>(group), text_of(option));
}

inline const knack_params_api_t& params_api() {
  static const knack_params_api_t api{
      sizeof(knack_params_api_t),
      0,
      [](const knack_host_t* host) {
        FakeWorld& world = FakeWorld::of(host);
        return world.serve_count(KNACK_EXT_PARAMS, "count",
                                 [&] { return static_cast<std::int64_t>(world.params.size()); });
      },
      &get_param,
      &get_gradient,
      &set_param_option,
      [](const knack_host_t* host) {
        FakeWorld& world = FakeWorld::of(host);
        return world.serve_count(KNACK_EXT_PARAMS, "group_count", [&] {
          return static_cast<std::int64_t>(world.run().group_count());
        });
      },
      [](const knack_host_t* host, std::int64_t group, knack_string_t option, double* out) {
        FakeWorld& world = FakeWorld::of(host);
        return world.serve(KNACK_EXT_PARAMS, "get_group_option",
                           [&] { *out = group_option(world, group, option); });
      },
      [](const knack_host_t* host, std::int64_t group, knack_string_t option, double value) {
        FakeWorld& world = FakeWorld::of(host);
        return world.serve(KNACK_EXT_PARAMS, "set_group_option",
                           [&] { group_option(world, group, option) = value; });
      }};
  return api;
}

inline std::int32_t pass_over_data(const knack_host_t* host, const knack_data_pass_t* request,
                                   std::int64_t* out_samples) {
  FakeWorld& world = FakeWorld::of(host);
  std::int32_t status = KNACK_STATUS_OK;
  const std::int32_t served = world.serve(KNACK_EXT_DATA, "pass", [&] {
    *out_samples = world.run().pass(
        request->samples,
        [&](const OwnedValue& inputs, const OwnedValue& targets, std::int64_t samples) {
          status = request->on_batch(request->user, inputs.abi(), targets.abi(), samples);
          if (status != KNACK_STATUS_OK) throw Error(status, world.error);
        });
  });
  return status == KNACK_STATUS_OK ? served : status;
}

inline const knack_data_api_t& data_api() {
  static const knack_data_api_t api{sizeof(knack_data_api_t), 0,
                                    [](const knack_host_t* host) {
                                      FakeWorld& world = FakeWorld::of(host);
                                      return world.serve_count(
                                          KNACK_EXT_DATA, "train_samples",
                                          [&] { return world.run().train_samples(); });
                                    },
                                    &pass_over_data};
  return api;
}

inline std::int32_t get_norm_layer(const knack_host_t* host, std::int64_t index,
                                   knack_norm_layer_t* out) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_NORM, "get", [&] {
    const FakeNormLayer& layer = element_at(world.norm_layers, index, "layer");
    const auto statistic = [&](const char* name) -> knack_tensor_t* {
      for (const FakeBuffer& buffer : world.buffers) {
        if (buffer.name == layer.name + name) {
          return world.weights.model_tensor(buffer.name).handle();
        }
      }
      return nullptr;
    };
    knack_norm_layer_t filled{};
    filled.struct_size = sizeof(filled);
    filled.training = layer.is_training ? 1 : 0;
    filled.name = lend_text(layer.name);
    filled.kind = lend_text("BatchNorm2d");
    filled.momentum = layer.momentum;
    filled.running_mean_borrowed = statistic(".running_mean");
    filled.running_var_borrowed = statistic(".running_var");
    filled.num_batches_tracked_borrowed = statistic(".num_batches_tracked");
    if (filled.running_mean_borrowed != nullptr) {
      filled.channels = fake_tensor(filled.running_mean_borrowed).numel();
    }
    world.fill(out, filled);
  });
}

inline std::int32_t observe_inputs(const knack_host_t* host, const knack_norm_pass_t* request,
                                   std::int64_t* out_samples) {
  FakeWorld& world = FakeWorld::of(host);
  std::int32_t status = KNACK_STATUS_OK;
  const std::int32_t served = world.serve(KNACK_EXT_NORM, "observe", [&] {
    *out_samples =
        world.run().observe(request->samples, [&](std::int64_t layer, const FakeTensor& input) {
          const LentTensor lent(input);
          status = request->on_input(request->user, layer, lent.handle());
          if (status != KNACK_STATUS_OK) throw Error(status, world.error);
        });
  });
  return status == KNACK_STATUS_OK ? served : status;
}

inline const knack_norm_api_t& norm_api() {
  static const knack_norm_api_t api{
      sizeof(knack_norm_api_t),
      0,
      [](const knack_host_t* host) {
        FakeWorld& world = FakeWorld::of(host);
        return world.serve_count(KNACK_EXT_NORM, "count", [&] {
          return static_cast<std::int64_t>(world.norm_layers.size());
        });
      },
      &get_norm_layer,
      [](const knack_host_t* host, std::int64_t index, double momentum) {
        FakeWorld& world = FakeWorld::of(host);
        return world.serve(KNACK_EXT_NORM, "set_momentum", [&] {
          element_at(world.norm_layers, index, "layer").momentum = momentum;
        });
      },
      &observe_inputs};
  return api;
}

}  // namespace knack::testing::fake

// SPDX-License-Identifier: MIT
// A host for unit tests of plugins: no LibTorch, no training, and all it was told lies open.
//
//   knack::testing::FakeHost host;
//   auto trick = host.create<knack_trick_t>(knack_plugin_v1, "acme.lookahead", {{"every", 2}});
//   knack::testing::ToyFit fit(host, *trick);
//   fit.run();
//   EXPECT_NE(fit.set("lookahead")["fc.weight"], fit.live("fc.weight"));
//
// Link the plugin's source into the test, or load a finished plugin of any language with
// open_plugin(). The host offers all extensions of ABI 1.0; those of later minors (autograd, DLPack)
// it does not have. Operators: fake_operators.hpp. Other kinds than tricks: drive.hpp.
#pragma once

#include <knack/abi/entry.h>
#include <knack/abi/kinds/dataset.h>
#include <knack/abi/kinds/objective.h>
#include <knack/abi/kinds/optimizer.h>
#include <knack/abi/kinds/trick.h>
#include <knack/sdk/plugin.hpp>
#include <knack/testing/fake_operators.hpp>
#include <knack/testing/fake_weights_service.hpp>
#include <knack/testing/open_plugin.hpp>
#include <knack/testing/schema_defaults.hpp>

#include <cmath>

namespace knack::testing {

/// What a hook is told of which it uses nothing.
inline knack_hook_context_t hook_context() {
  knack_hook_context_t context{};
  context.struct_size = sizeof(context);
  context.monitored = std::nan("");
  return context;
}

class FakeHost : public FakeWorld {
 public:
  FakeHost() : handles_before_(FakeHandles::all().owned_count()) {
    make_table();
    knack::detail::open_gateway(abi());  // for tensors of the test itself
  }
  FakeHost(const FakeHost&) = delete;
  FakeHost& operator=(const FakeHost&) = delete;

  [[nodiscard]] const knack_host_t* abi() const {
    return table_;
  }

  /// An older or newer host of this major. Before `create`.
  void pretend_minor(std::uint32_t minor) {
    minor_ = minor;
    make_table();
  }
  /// The host's own struct as one of another minor has it; see set_struct_size. Before `create`.
  void set_table_size(std::uint32_t bytes) {
    set_struct_size<knack_host_t>(bytes);
    make_table();
  }

  /// Handles that the plugin, or the test, has yet to release. 0 once all of it is destroyed, or
  /// something leaked.
  [[nodiscard]] std::int64_t live_handles() const {
    return FakeHandles::all().owned_count() - handles_before_;
  }

  template <typename Abi>
  struct Destroy {
    void operator()(Abi* instance) const {
      instance->head.destroy(&instance->head);
    }
  };
  template <typename Abi>
  using Instance = std::unique_ptr<Abi, Destroy<Abi>>;

  /// An instance of the descriptor `id`. Options that are left out have the defaults of the schema.
  /// Throws std::runtime_error with the plugin's text when it refuses, and when the plugin needs a
  /// later minor, has no such id of this kind or no such option.
  template <typename Abi>
  Instance<Abi> create(const knack_entry_t& entry, std::string_view id, Value::Map options = {}) {
    if (entry.abi_minor_needed > minor_) {
      throw std::runtime_error("the plugin needs ABI minor " +
                               std::to_string(entry.abi_minor_needed) + ", this host has " +
                               std::to_string(minor_));
    }
    error.clear();
    if (entry.init != nullptr) expect_ok(entry.init(abi()));
    for (std::uint32_t i = 0; i < entry.descriptor_count; ++i) {
      if (entry.descriptor(i)->kind != kind_of<Abi>() || id != entry.descriptor(i)->id) continue;
      return Instance<Abi>(reinterpret_cast<Abi*>(make(entry, i, std::move(options))));
    }
    throw std::runtime_error("the plugin has no " + std::string(kind_of<Abi>()) + " \"" +
                             std::string(id) + "\"");
  }

  /// Throws std::runtime_error with the plugin's text when `status` is a failure.
  void expect_ok(std::int32_t status) const {
    if (status == KNACK_STATUS_OK) return;
    if (!error.empty()) throw std::runtime_error(error);
    throw std::runtime_error("status " + std::to_string(status) +
                             " without a text, which is a defect: give one to set_error");
  }

 private:
  template <typename Abi>
  static constexpr std::string_view kind_of() {
    if constexpr (std::is_same_v<Abi, knack_trick_t>) return KNACK_KIND_TRICK;
    if constexpr (std::is_same_v<Abi, knack_model_t>) return KNACK_KIND_MODEL;
    if constexpr (std::is_same_v<Abi, knack_dataset_t>) return KNACK_KIND_DATASET;
    if constexpr (std::is_same_v<Abi, knack_objective_t>) return KNACK_KIND_OBJECTIVE;
    if constexpr (std::is_same_v<Abi, knack_optimizer_t>) return KNACK_KIND_OPTIMIZER;
  }

  knack_instance_t* make(const knack_entry_t& entry, std::uint32_t index, Value::Map options) {
    add_defaults(options, entry.descriptor(index)->schema_json);
    const OwnedValue map = OwnedValue::copy(Value(std::move(options)).lend(abi()));
    knack_instance_t* instance = nullptr;
    error.clear();
    expect_ok(entry.create(index, abi(), map.abi(), &instance));
    return instance;
  }

  void make_table() {
    knack_host_t table{};
    table.struct_size = sizeof(table);
    table.abi_major = KNACK_ABI_MAJOR;
    table.abi_minor = minor_;
    table.host_data = static_cast<FakeWorld*>(this);
    table.get_extension = &FakeHost::get_extension;
    table.set_error = [](const knack_host_t* host, std::int32_t status, knack_string_t text) {
      return FakeWorld::of(host).fail(status, fake::text_of(text));
    };
    table.allocate = [](const knack_host_t* host, std::uint64_t bytes) {
      return FakeWorld::of(host).allocate(bytes);
    };
    table_ = tables_.emplace_back(*this, table).get();
  }

  static const void* get_extension(const knack_host_t* host, const char* id) {
    const std::string_view name = id;
    if (FakeWorld::of(host).hides(name)) return nullptr;
    if (name == KNACK_EXT_TENSOR) return &fake_tensor_api();
    if (name == KNACK_EXT_ATEN) return &fake_aten_api();
    if (name == KNACK_EXT_WEIGHTS) return &fake::weights_api();
    if (name == KNACK_EXT_PARAMS) return &fake::params_api();
    if (name == KNACK_EXT_DATA) return &fake::data_api();
    if (name == KNACK_EXT_NORM) return &fake::norm_api();
    if (name == KNACK_EXT_METRICS) return &fake::metrics_api();
    if (name == KNACK_EXT_LOG) return &fake::log_api();
    if (name == KNACK_EXT_RNG) return &fake::rng_api();
    return nullptr;
  }

  CurrentLedger current_{*this};
  std::uint32_t minor_ = KNACK_ABI_MINOR;
  std::deque<LentStruct<knack_host_t>> tables_;  // plugins may still have an earlier one
  const knack_host_t* table_ = nullptr;
  std::int64_t handles_before_;
};

}  // namespace knack::testing

#include <knack/testing/toy_fit.hpp>

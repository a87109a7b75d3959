// SPDX-License-Identifier: MIT
// Exponential moving average of the weights.
#include <knack/sdk/globs.hpp>
#include <knack/sdk/trick.hpp>

#include "decay_schedule.hpp"

namespace {

/// Tensors of the average and of the live weights, pair by pair, of one element type each.
class Pairs {
 public:
  Pairs(knack::Dtype average_type, knack::Dtype live_type)
      : average_type_(average_type), live_type_(live_type) {}

  [[nodiscard]] bool are_of(knack::Dtype average_type, knack::Dtype live_type) const {
    return average_type == average_type_ && live_type == live_type_;
  }

  void add(knack_tensor_t* average, knack_tensor_t* live) {
    averages_.push_back(average);
    lives_.push_back(live);
    if (average_type_ == live_type_) return;
    converted_.push_back(knack::Tensor::empty_like(knack::Tensor::retain(average)));
    converted_list_.push_back(converted_.back());
  }

  /// average += share * (live - average), in the element type of the average.
  void update(double share) const {
    if (average_type_ != live_type_) foreach_copy_(converted_list_, lives_);
    foreach_lerp_(averages_, average_type_ == live_type_ ? lives_ : converted_list_, share);
  }

 private:
  knack::Dtype average_type_;
  knack::Dtype live_type_;
  knack::TensorList averages_;
  knack::TensorList lives_;
  std::vector<knack::Tensor> converted_;  // empty while both types are the same
  knack::TensorList converted_list_;
};

class Ema final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "ema",
                                    .summary = "Exponential moving average of the weights"};
  using Options = ema::Options;
  static constexpr std::uint32_t state_version = 2;  // 1 had no "total_weight"

  Ema(const Options& options, knack::Host host)
      : options_(options), host_(host), total_weight_(options.bias_correction ? 0 : 1) {}

  void fit_begin(knack::Context& /*context*/) override {
    const knack::WeightSet live = host_.weights().live();
    const knack::WeightSet average = host_.weights().publish(options_.publish);
    knack::Globs excluded(options_.exclude);
    for (std::int64_t i = 0; i < live.size(); ++i) {
      const bool is_excluded = excluded.match(live[i].name) != nullptr;
      if (is_averaged(live[i]) && !is_excluded) {
        add_averaged(average[i], live[i]);
      } else {
        copy_to_.push_back(average[i].handle);
        copy_from_.push_back(live[i].handle);
      }
    }
    for (const std::string& pattern : excluded.unused()) {
      host_.log().warning("exclude: no tensor fits \"" + pattern + "\"");
    }
  }

  void after_step(knack::Context& context) override {
    if (!context.stepped() || context.step() % options_.every != 0) return;
    if (total_steps_ == 0) total_steps_ = context.total_steps();
    // Updating every k steps with d^k forgets as fast as updating each step with d.
    decay_ = std::pow(ema::decay_at(options_, context.step(), total_steps_),
                      static_cast<double>(options_.every));
    update_averages();
    foreach_copy_(copy_to_, copy_from_);
    ++updates_;
  }

  void fit_end(knack::Context& /*context*/) override {
    host_.metrics().summarize("updates", updates_);
    host_.metrics().summarize("decay", decay_);
  }

  void save(knack::StateWriter& state) const override {
    state.set("updates", updates_);
    state.set("decay", decay_);
    state.set("total_steps", total_steps_);
    state.set("total_weight", total_weight_);
  }

  void load(const knack::StateReader& state) override {
    updates_ = state["updates"].integer();
    decay_ = state["decay"].number();
    total_steps_ = state["total_steps"].integer();
    // Averages of version 1 had begun with the initial weights, which count in full.
    total_weight_ = state.version() < 2 ? 1 : state["total_weight"].number();
  }

 private:
  /// Buffers that are no part of the state dict are caches: they belong to the live weights.
  [[nodiscard]] bool is_averaged(const knack::Weight& weight) const {
    if (!weight.is_floating() || (weight.flags & KNACK_WEIGHT_NOT_PERSISTENT) != 0) return false;
    return !weight.is_buffer() || options_.buffers == "average";
  }

  /// The sum that began at zero, s = d s + (1 - d) w, is never stored: the average is s divided by
  /// what all w in it weigh, and e += (1 - d) / weight (w - e) keeps it so.
  void update_averages() {
    total_weight_ = decay_ * total_weight_ + (1 - decay_);
    if (total_weight_ == 0) return;  // a decay of 1 from the start: no weights count yet
    for (const Pairs& pairs : averaged_) pairs.update((1 - decay_) / total_weight_);
  }

  void add_averaged(const knack::Weight& average, const knack::Weight& live) {
    const knack::Dtype average_type = average.tensor().dtype();
    const knack::Dtype live_type = live.tensor().dtype();
    for (Pairs& pairs : averaged_) {
      if (pairs.are_of(average_type, live_type)) return pairs.add(average.handle, live.handle);
    }
    averaged_.emplace_back(average_type, live_type).add(average.handle, live.handle);
  }

  Options options_;
  knack::Host host_;
  std::vector<Pairs> averaged_;
  knack::TensorList copy_to_;
  knack::TensorList copy_from_;
  std::int64_t updates_ = 0;
  double decay_ = 0;              // of the last update
  std::int64_t total_steps_ = 0;  // as planned when the average began
  double total_weight_;           // of all weights in the average; 1 with the initial ones
};

}  // namespace

KNACK_PLUGIN("1.0.0", Ema)

// SPDX-License-Identifier: MIT
// What a run offers to its plugins, with less data and an eye on who asks for what.
#pragma once

#include <map>
#include <set>
#include <string>
#include <utility>

#include "host/plugin/instance_context.hpp"
#include "host/services/fit_services.hpp"
#include "host/train/fit.hpp"

namespace knack::host {

/// Names of the parts that were set or written, by what they are parts of.
using Touched = std::map<std::string, std::set<std::string>>;

inline constexpr const char* kNormMomentum = "momentum of normalization layers";

/// Stands between the plugins and `fit` while it lives.
class RehearsalServices final : public FitServices {
 public:
  RehearsalServices(Fit& fit, HostServices& services) : fit_(fit), services_(services) {
    services_.fit = this;
  }
  ~RehearsalServices() override {
    services_.fit = &fit_;
  }
  RehearsalServices(const RehearsalServices&) = delete;
  RehearsalServices& operator=(const RehearsalServices&) = delete;

  /// From now on there are no more training samples than these.
  void limit_samples(std::int64_t samples) {
    limit_ = samples;
  }

  /// Names of the numbers that an instance reported.
  const std::map<std::string, std::set<std::string>>& reported() const {
    return reported_;
  }

  /// What was touched since it was exchanged last.
  Touched exchange_touched(Touched touched) {
    return std::exchange(touched_, std::move(touched));
  }

  const std::vector<ModelTensor>& parameters() override {
    return fit_.parameters();
  }
  void set_param_option(const std::string& instance, std::size_t parameter, std::string_view option,
                        double value, std::string_view reason) override {
    fit_.set_param_option(instance, parameter, option, value, reason);
  }
  std::size_t group_count() override {
    return fit_.group_count();
  }
  double group_option(std::size_t group, std::string_view option) override {
    return fit_.group_option(group, option);
  }
  void set_group_option(std::size_t group, std::string_view option, double value) override {
    fit_.set_group_option(group, option, value);
    touched_[std::string(option) + " of groups"].insert(std::to_string(group));
  }
  WeightStore& weights() override {
    return fit_.weights();
  }
  std::string instance_file(const std::string& instance, std::string_view path) override {
    std::string file = fit_.instance_file(instance, path);
    touched_["uses files of its own"].insert(file);
    return file;
  }
  Value evaluate(const std::string& instance, WeightSet& set) override {
    return fit_.evaluate(instance, set);
  }
  std::int64_t train_samples() override {
    return limited(fit_.train_samples());
  }
  std::int64_t pass_over_data(std::int64_t samples, const BatchCallback& on_batch) override {
    return fit_.pass_over_data(limited(samples), on_batch);
  }
  const std::vector<NormLayer>& norm_layers() override {
    return fit_.norm_layers();
  }
  void set_norm_momentum(std::size_t layer, double momentum) override {
    fit_.set_norm_momentum(layer, momentum);
    touched_[kNormMomentum].insert(std::to_string(layer));
  }
  std::int64_t observe_norm_inputs(std::int64_t samples, const InputCallback& on_input) override {
    return fit_.observe_norm_inputs(limited(samples), on_input);
  }
  void report_metric(const std::string& instance, std::string_view name, double value) override {
    reported_[instance].emplace(name);
    fit_.report_metric(instance, name, value);
  }
  void summarize(const std::string& instance, std::string_view key, Value value) override {
    fit_.summarize(instance, key, std::move(value));
  }

 private:
  /// `samples` <= 0 are all.
  std::int64_t limited(std::int64_t samples) const {
    return limit_ == 0 || (samples > 0 && samples < limit_) ? samples : limit_;
  }

  Fit& fit_;
  HostServices& services_;
  std::int64_t limit_ = 0;  // none
  std::map<std::string, std::set<std::string>> reported_;
  Touched touched_;
};

}  // namespace knack::host

// SPDX-License-Identifier: MIT
// Stochastic gradient descent on the toy model, in groups of equal options. Part of toy_fit.hpp.
#pragma once

#include <knack/testing/toy_model.hpp>

namespace knack::testing {

/// As torch.optim.SGD: buffer = momentum * buffer + gradient + weight_decay * weight, and
/// weight -= lr * buffer.
class ToyOptimizer {
 public:
  using Options = std::map<std::string, double, std::less<>>;

  struct Group {
    Options options;
    std::vector<std::string> params;
  };

  ToyOptimizer(FakeWorld& world, Options options) : world_(world), options_(std::move(options)) {}

  /// Sorts the parameters that are trained by the options that were set for them. Throws
  /// std::runtime_error for an option that there is not.
  void make_groups() {
    for (const FakeParam& param : world_.params) {
      if (!param.requires_grad) continue;
      Options options = options_;
      for (const SetOption& set : world_.set_options) {
        if (set.param != param.name) continue;
        if (options.find(set.option) == options.end()) {
          throw std::runtime_error(
              "set_option: the toy optimizer has lr, momentum and "
              "weight_decay, no \"" +
              set.option + "\"");
        }
        options[set.option] = set.value;
      }
      group_with(options).params.push_back(param.name);
    }
  }

  [[nodiscard]] std::vector<Group>& groups() {
    return groups_;
  }
  [[nodiscard]] const std::vector<Group>& groups() const {
    return groups_;
  }
  /// By parameter; empty before its first step.
  [[nodiscard]] std::map<std::string, std::vector<double>>& buffers() {
    return buffers_;
  }

  /// `gradients` by parameter; one without is left alone.
  void step(const std::map<std::string, LentTensor>& gradients) {
    for (const Group& group : groups_) {
      for (const std::string& name : group.params) {
        const auto found = gradients.find(name);
        if (found != gradients.end()) step(name, *found->second, group.options);
      }
    }
  }

 private:
  Group& group_with(const Options& options) {
    for (Group& group : groups_) {
      if (group.options == options) return group;
    }
    return groups_.emplace_back(Group{options, {}});
  }

  void step(const std::string& name, const FakeTensor& gradient, const Options& options) {
    const FakeTensor& weight = *world_.weights.model_tensor(name);
    const bool is_first = buffers_.find(name) == buffers_.end();
    std::vector<double>& buffer = buffers_[name];
    buffer.resize(static_cast<std::size_t>(weight.numel()));
    const double momentum = options.find("momentum")->second;
    for (std::int64_t i = 0; i < weight.numel(); ++i) {
      const double slope = gradient.get(i) + options.find("weight_decay")->second * weight.get(i);
      double& velocity = buffer[static_cast<std::size_t>(i)];
      velocity = is_first ? slope : momentum * velocity + slope;
      weight.set(i, weight.get(i) - options.find("lr")->second * velocity);
    }
  }

  FakeWorld& world_;
  Options options_;
  std::vector<Group> groups_;
  std::map<std::string, std::vector<double>> buffers_;
};

}  // namespace knack::testing

// SPDX-License-Identifier: MIT
// Optimizers that treat every parameter by itself. Groups, options by name and state are done here.
#pragma once

#include <knack/sdk/optimizer.hpp>

#include <algorithm>
#include <map>

namespace knack::inline v1 {

/// A class derives from it with its options (a struct with `describe`, see OptionSpec) and says
/// what a step does to one parameter:
///
///   struct Descent final : knack::ParamOptimizer<Options> {
///     static constexpr knack::Info info{.id = "acme.descent"};
///     using ParamOptimizer::ParamOptimizer;
///     void update(knack::Tensor& weight, const knack::Tensor& gradient, Kept&,
///                 const Options& options) override {
///       weight.sub_(gradient * options.lr);
///     }
///   };
template <typename GivenOptions>
class ParamOptimizer : public Optimizer {
 public:
  using Options = GivenOptions;
  /// What belongs to one parameter, by name; saved with the state. Undefined at first.
  using Kept = std::map<std::string, Tensor>;

  explicit ParamOptimizer(const Options& options) : options_(options) {}

  /// Changes `weight` in place. `options` are those of its group.
  virtual void update(Tensor& weight, const Tensor& gradient, Kept& kept,
                      const Options& options) = 0;

  void add_group(const ParamGroup& group) override {
    Group added{read_options(group.options(), options_), {}, {}};
    for (std::size_t i = 0; i < group.size(); ++i) {
      added.params.push_back({std::string(group.name(i)), Tensor::retain(group.handle(i)), {}});
    }
    groups_.push_back(std::move(added));
  }

  void step(const Gradients& gradients) override {
    for (std::size_t number = 0; number < groups_.size(); ++number) {
      Group& group = groups_[number];
      for (std::size_t i = 0; i < group.params.size(); ++i) {
        knack_tensor_t* gradient = gradients.handle(number, i);
        if (gradient == nullptr) continue;
        Param& param = group.params[i];
        update(param.weight, Tensor::retain(gradient), param.kept, group.options);
      }
    }
  }

  double get_option(std::size_t group, std::string_view name) override {
    const Group* found = find(group);
    return found == nullptr ? 0 : OptionSpec<Options>(found->options).number(name);
  }

  void set_option(std::size_t group, std::string_view name, double value) override {
    get_option(group, name);  // fails for an option that is no number
    if (failed()) return;
    const knack_named_value_t entry{detail::to_abi(name),
                                    {KNACK_VALUE_FLOAT, 0, 0, {.f64 = value}}};
    const knack_value_t map{KNACK_VALUE_MAP, 0, 1, {.entries = &entry}};
    groups_[group].options = read_options(ValueView(&map), groups_[group].options);
    groups_[group].changed.insert_or_assign(std::string(name), value);
  }

  void save(StateWriter& state) const override {
    Value::List changed;
    Value::Map params;
    for (const Group& group : groups_) {
      changed.emplace_back(map_of(group.changed));
      for (const Param& param : group.params) {
        if (!param.kept.empty()) params.push_back({param.name, map_of(param.kept)});
      }
    }
    state.set("changed_options", std::move(changed));
    state.set("params", std::move(params));
  }

  void load(const StateReader& state) override {
    const ValueView changed = state["changed_options"];
    const ValueView params = state["params"];
    if (changed.size() != groups_.size()) {
      return fail("the saved state has " + std::to_string(changed.size()) +
                  " parameter groups, this run has " + std::to_string(groups_.size()));
    }
    std::size_t taken = 0;
    for (std::size_t number = 0; number < groups_.size(); ++number) {
      const ValueView options = changed[number];
      for (std::size_t i = 0; i < options.size(); ++i) {
        set_option(number, options.name(i), options[i].number());
      }
      for (Param& param : groups_[number].params) {
        if (const std::optional<ValueView> saved = params.find(param.name)) {
          take(param, *saved);
          ++taken;
        }
      }
    }
    if (taken != params.size()) {
      fail("the saved state is of " + std::to_string(params.size()) +
           " parameters, of which this run trains " + std::to_string(taken));
    }
  }

 private:
  struct Param {
    std::string name;
    Tensor weight;
    Kept kept;
  };
  struct Group {
    Options options;
    std::vector<Param> params;
    std::map<std::string, double> changed;  ///< by set_option
  };

  const Group* find(std::size_t group) const {
    if (group < groups_.size()) return &groups_[group];
    fail(KNACK_STATUS_NOT_FOUND, "there is no parameter group " + std::to_string(group));
    return nullptr;
  }

  template <typename Map>
  static Value map_of(const Map& entries) {
    Value::Map map;
    for (const auto& [name, value] : entries) map.push_back({name, value});
    return Value::map(std::move(map));
  }

  static void take(Param& param, ValueView saved) {
    for (std::size_t i = 0; i < saved.size(); ++i) {
      if (saved[i].is_none()) continue;  // was undefined
      const Tensor tensor = saved[i].tensor();
      const SizesView given = tensor.sizes();
      const SizesView wanted = param.weight.sizes();
      if (!std::equal(given.begin(), given.end(), wanted.begin(), wanted.end())) {
        return fail("the saved \"" + std::string(saved.name(i)) + "\" of " + param.name +
                    " has another shape than the parameter");
      }
      Tensor& own = param.kept[std::string(saved.name(i))];
      own = Tensor::zeros_like(param.weight);
      own.copy_(tensor);
    }
  }

  Options options_;
  std::vector<Group> groups_;
};

}  // namespace knack::inline v1

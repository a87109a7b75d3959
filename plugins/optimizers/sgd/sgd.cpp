// SPDX-License-Identifier: MIT
// The optimizer "sgd": stochastic gradient descent as torch.optim.SGD, through LibTorch's fused
// kernel.
#include <knack/sdk/memory_layout.hpp>
#include <knack/sdk/optimizer.hpp>

#include <array>

namespace {

struct Options {
  double lr = 1e-3;
  double momentum = 0;
  double dampening = 0;
  double weight_decay = 0;
  bool nesterov = false;
  bool maximize = false;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("lr", &Options::lr, "Learning rate").at_least(0);
    spec.add("momentum", &Options::momentum, "Share of the momentum buffer kept per step")
        .at_least(0);
    spec.add("dampening", &Options::dampening, "Share of the gradient kept out of the buffer");
    spec.add("weight_decay", &Options::weight_decay, "L2 penalty, added to the gradient")
        .at_least(0);
    spec.add("nesterov", &Options::nesterov, "Looks ahead along the momentum");
    spec.add("maximize", &Options::maximize, "Climbs instead of descending");
  }

  void check() const {
    if (nesterov && (momentum <= 0 || dampening != 0)) {
      throw knack::Error(
          KNACK_STATUS_INVALID,
          "\"nesterov\" needs a momentum above 0 and a dampening of 0; found momentum " +
              std::to_string(momentum) + " and dampening " + std::to_string(dampening));
    }
  }
};

/// The options a group can be asked for and told by name.
constexpr std::array<std::pair<std::string_view, double Options::*>, 4> kNumbers{{
    {"lr", &Options::lr},
    {"momentum", &Options::momentum},
    {"dampening", &Options::dampening},
    {"weight_decay", &Options::weight_decay},
}};

double Options::* find_number(std::string_view name) {
  for (const auto& [known, member] : kNumbers) {
    if (known == name) return member;
  }
  throw knack::Error(KNACK_STATUS_NOT_FOUND,
                     "no numeric option \"" + std::string(name) +
                         "\"; there are lr, momentum, dampening and weight_decay");
}

struct Param {
  std::string name;
  knack_tensor_t* tensor;  // the host's
  knack::Tensor momentum_buffer;
};

struct Group {
  Options options;
  std::vector<Param> params;
};

/// Arguments of one call of the kernel. Kept from step to step, so that nothing is allocated.
struct Lists {
  knack::TensorList params;
  knack::TensorList gradients;
  knack::TensorList momentum_buffers;

  void clear() {
    params.clear();
    gradients.clear();
    momentum_buffers.clear();
  }
};

class Sgd final : public knack::Optimizer {
 public:
  static constexpr knack::Info info{.id = "sgd",
                                    .summary = "Stochastic gradient descent with momentum"};
  using Options = ::Options;

  explicit Sgd(const Options& options) : options_(options) {
    options_.check();
  }

  void add_group(const knack::ParamGroup& group) override {
    Group added{knack::read_options(group.options(), options_), {}};
    added.options.check();
    for (std::size_t i = 0; i < group.size(); ++i) {
      knack::LayoutMatcher::check_without_gaps(group.handle(i), group.name(i));
      added.params.push_back({std::string(group.name(i)), group.handle(i), {}});
    }
    groups_.push_back(std::move(added));
  }

  void step(const knack::Gradients& gradients) override {
    for (std::size_t number = 0; number < groups_.size(); ++number) {
      Group& group = groups_[number];
      first_.clear();
      later_.clear();
      for (std::size_t i = 0; i < group.params.size(); ++i) {
        knack_tensor_t* gradient = gradients.handle(number, i);
        if (gradient != nullptr) collect(group.params[i], group.options, gradient);
      }
      run(first_, group.options, true);
      run(later_, group.options, false);
    }
    layouts_.clear();
  }

  double get_option(std::size_t group, std::string_view name) override {
    return groups_.at(group).options.*find_number(name);
  }

  void set_option(std::size_t group, std::string_view name, double value) override {
    Options changed = groups_.at(group).options;
    changed.*find_number(name) = value;
    changed.check();
    groups_[group].options = changed;
  }

  void save(knack::StateWriter& state) const override {
    knack::Value::List groups;
    knack::Value::Map params;
    for (const Group& group : groups_) {
      knack::Value::Map options;
      for (const auto& [name, member] : kNumbers) {
        options.push_back({std::string(name), group.options.*member});
      }
      groups.emplace_back(std::move(options));
      for (const Param& param : group.params) {
        if (!param.momentum_buffer.defined()) continue;
        params.push_back(
            {param.name, knack::Value::map({{"momentum_buffer", param.momentum_buffer}})});
      }
    }
    state.set("groups", std::move(groups));
    state.set("params", std::move(params));
  }

  void load(const knack::StateReader& state) override {
    const knack::ValueView groups = state["groups"];
    if (groups.size() != groups_.size()) {
      throw knack::Error("the saved state has " + std::to_string(groups.size()) +
                         " parameter groups, this run has " + std::to_string(groups_.size()));
    }
    const knack::ValueView params = state["params"];
    std::size_t taken = 0;
    for (std::size_t i = 0; i < groups.size(); ++i) {
      for (const auto& [name, member] : kNumbers) {
        groups_[i].options.*member = groups[i][name].number();
      }
      for (Param& param : groups_[i].params) {
        param.momentum_buffer = {};
        const std::optional<knack::ValueView> saved = params.find(param.name);
        if (!saved) continue;
        param.momentum_buffer =
            knack::copy_in_layout_of(param.tensor, (*saved)["momentum_buffer"].tensor());
        ++taken;
      }
    }
    if (taken != params.size()) {
      throw knack::Error("the saved state is of " + std::to_string(params.size()) +
                         " parameters, of which this run trains " + std::to_string(taken));
    }
  }

 private:
  /// Puts a parameter on the list it belongs to: the first gradient of a parameter becomes its
  /// momentum buffer, without dampening.
  void collect(Param& param, const Options& options, knack_tensor_t* gradient) {
    Lists& lists = options.momentum != 0 && !param.momentum_buffer.defined() ? first_ : later_;
    lists.params.push_back(param.tensor);
    lists.gradients.push_back(layouts_.match(param.tensor, gradient));
    if (options.momentum == 0) return;
    if (!param.momentum_buffer.defined()) {
      param.momentum_buffer = knack::Tensor::empty_like(knack::Tensor::retain(param.tensor));
    }
    lists.momentum_buffers.push_back(param.momentum_buffer);
  }

  static void run(const Lists& lists, const Options& options, bool is_first_step) {
    static const knack::Operator fused_sgd("aten::_fused_sgd_");
    if (lists.params.empty()) return;
    fused_sgd.run(lists.params, lists.gradients, lists.momentum_buffers, options.weight_decay,
                  options.momentum, options.lr, options.dampening, options.nesterov,
                  options.maximize, is_first_step);
  }

  Options options_;
  std::vector<Group> groups_;
  Lists first_;
  Lists later_;
  knack::LayoutMatcher layouts_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Sgd)

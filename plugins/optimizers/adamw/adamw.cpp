// SPDX-License-Identifier: MIT
// The optimizer "adamw": Adam with decoupled weight decay as torch.optim.AdamW, through LibTorch's
// fused kernel.
#include <knack/sdk/memory_layout.hpp>
#include <knack/sdk/optimizer.hpp>

#include <array>

namespace {

struct Options {
  double lr = 1e-3;
  std::vector<double> betas{0.9, 0.999};
  double eps = 1e-8;
  double weight_decay = 1e-2;
  bool amsgrad = false;
  bool maximize = false;

  static void describe(knack::OptionSpec<Options>& spec) {
    spec.add("lr", &Options::lr, "Learning rate").at_least(0);
    spec.add("betas", &Options::betas,
             "Shares of the running means of gradient and squared gradient kept per step")
        .at_least(0)
        .below(1)
        .length(2);
    spec.add("eps", &Options::eps, "Added to the denominator").at_least(0);
    spec.add("weight_decay", &Options::weight_decay,
             "Share of the weights, times lr, taken away per step")
        .at_least(0);
    spec.add("amsgrad", &Options::amsgrad, "Divides by the largest mean square so far");
    spec.add("maximize", &Options::maximize, "Climbs instead of descending");
  }
};

/// A numeric option of a group by its name; the betas go by "beta1" and "beta2".
double& number(Options& options, std::string_view name) {
  if (name == "lr") return options.lr;
  if (name == "beta1") return options.betas[0];
  if (name == "beta2") return options.betas[1];
  if (name == "eps") return options.eps;
  if (name == "weight_decay") return options.weight_decay;
  throw knack::Error(KNACK_STATUS_NOT_FOUND,
                     "no numeric option \"" + std::string(name) +
                         "\"; there are lr, beta1, beta2, eps and weight_decay");
}
constexpr std::array kNumbers{"lr", "beta1", "beta2", "eps", "weight_decay"};

struct Param {
  std::string name;
  knack_tensor_t* tensor;  // the host's
  knack::Tensor
      step;  ///< steps made, 0-dim float as the kernel wants it; undefined before the first
  knack::Tensor exp_avg;
  knack::Tensor exp_avg_sq;
  knack::Tensor max_exp_avg_sq;  ///< with amsgrad alone
};

struct Group {
  Options options;
  std::vector<Param> params;
};

/// Arguments of one call of the kernel. Kept from step to step, so that nothing is allocated.
struct Lists {
  knack::TensorList params;
  knack::TensorList gradients;
  knack::TensorList exp_avgs;
  knack::TensorList exp_avg_sqs;
  knack::TensorList max_exp_avg_sqs;
  knack::TensorList steps;

  void clear() {
    for (knack::TensorList* list :
         {&params, &gradients, &exp_avgs, &exp_avg_sqs, &max_exp_avg_sqs, &steps}) {
      list->clear();
    }
  }
};

class AdamW final : public knack::Optimizer {
 public:
  static constexpr knack::Info info{.id = "adamw", .summary = "Adam with decoupled weight decay"};
  using Options = ::Options;

  explicit AdamW(const Options& options) : options_(options) {}

  void add_group(const knack::ParamGroup& group) override {
    Group added{knack::read_options(group.options(), options_), {}};
    for (std::size_t i = 0; i < group.size(); ++i) {
      knack::LayoutMatcher::check_without_gaps(group.handle(i), group.name(i));
      added.params.push_back({std::string(group.name(i)), group.handle(i), {}, {}, {}, {}});
    }
    groups_.push_back(std::move(added));
  }

  void step(const knack::Gradients& gradients) override {
    for (std::size_t number = 0; number < groups_.size(); ++number) {
      Group& group = groups_[number];
      lists_.clear();
      for (std::size_t i = 0; i < group.params.size(); ++i) {
        knack_tensor_t* gradient = gradients.handle(number, i);
        if (gradient != nullptr) collect(group.params[i], group.options, gradient);
      }
      run(group.options);
    }
    layouts_.clear();
  }

  double get_option(std::size_t group, std::string_view name) override {
    return number(groups_.at(group).options, name);
  }

  void set_option(std::size_t group, std::string_view name, double value) override {
    number(groups_.at(group).options, name) = value;
  }

  void save(knack::StateWriter& state) const override {
    knack::Value::List groups;
    knack::Value::Map params;
    for (const Group& group : groups_) {
      Options options = group.options;
      knack::Value::Map numbers;
      for (const char* name : kNumbers) numbers.push_back({name, number(options, name)});
      groups.emplace_back(std::move(numbers));
      for (const Param& param : group.params) {
        if (param.step.defined()) params.push_back({param.name, state_of(param)});
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
      for (const char* name : kNumbers) number(groups_[i].options, name) = groups[i][name].number();
      for (Param& param : groups_[i].params) {
        param.step = {};
        const std::optional<knack::ValueView> saved = params.find(param.name);
        if (!saved) continue;
        take_state(param, groups_[i].options, *saved);
        ++taken;
      }
    }
    if (taken != params.size()) {
      throw knack::Error("the saved state is of " + std::to_string(params.size()) +
                         " parameters, of which this run trains " + std::to_string(taken));
    }
  }

 private:
  static knack::Value state_of(const Param& param) {
    knack::Value::Map state{
        {"step", param.step}, {"exp_avg", param.exp_avg}, {"exp_avg_sq", param.exp_avg_sq}};
    if (param.max_exp_avg_sq.defined()) state.push_back({"max_exp_avg_sq", param.max_exp_avg_sq});
    return state;
  }

  static void take_state(Param& param, const Options& options, knack::ValueView state) {
    const auto tensor = [&](const char* name) {
      return knack::copy_in_layout_of(param.tensor, state[name].tensor());
    };
    param.step = state["step"].tensor().clone();
    param.exp_avg = tensor("exp_avg");
    param.exp_avg_sq = tensor("exp_avg_sq");
    if (options.amsgrad) param.max_exp_avg_sq = tensor("max_exp_avg_sq");
  }

  void collect(Param& param, const Options& options, knack_tensor_t* gradient) {
    if (!param.step.defined()) begin(param, options);
    lists_.params.push_back(param.tensor);
    lists_.gradients.push_back(layouts_.match(param.tensor, gradient));
    lists_.exp_avgs.push_back(param.exp_avg);
    lists_.exp_avg_sqs.push_back(param.exp_avg_sq);
    if (options.amsgrad) lists_.max_exp_avg_sqs.push_back(param.max_exp_avg_sq);
    lists_.steps.push_back(param.step);
  }

  static void begin(Param& param, const Options& options) {
    static const knack::Operator new_zeros("aten::new_zeros");
    const knack::Tensor tensor = knack::Tensor::retain(param.tensor);
    param.step = new_zeros(tensor, knack::IntList(knack::SizesView()), knack::Dtype::float32);
    param.exp_avg = knack::Tensor::zeros_like(tensor);
    param.exp_avg_sq = knack::Tensor::zeros_like(tensor);
    if (options.amsgrad) param.max_exp_avg_sq = knack::Tensor::zeros_like(tensor);
  }

  void run(const Options& options) const {
    static const knack::Operator count_up("aten::_foreach_add_", "Scalar");
    static const knack::Operator fused_adamw("aten::_fused_adamw_");
    if (lists_.params.empty()) return;
    count_up.run(lists_.steps, 1);
    fused_adamw.run(lists_.params, lists_.gradients, lists_.exp_avgs, lists_.exp_avg_sqs,
                    lists_.max_exp_avg_sqs, lists_.steps, options.lr, options.betas[0],
                    options.betas[1], options.weight_decay, options.eps, options.amsgrad,
                    options.maximize);
  }

  Options options_;
  std::vector<Group> groups_;
  Lists lists_;
  knack::LayoutMatcher layouts_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", AdamW)

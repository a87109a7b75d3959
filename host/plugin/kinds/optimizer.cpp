// SPDX-License-Identifier: MIT
#include "host/plugin/kinds/optimizer.hpp"

#include <utility>

#include "host/plugin/guard.hpp"
#include "host/plugin/tensor_handle.hpp"
#include "host/plugin/text.hpp"

namespace knack::host {

Optimizer::Optimizer(Instance&& instance)
    : Instance(std::move(instance)), slots_(slots<knack_optimizer_t>()) {
  require_slot(slots_.add_group != nullptr, "add_group");
  require_slot(slots_.step != nullptr, "step");
  require_slot(slots_.get_option != nullptr, "get_option");
  require_slot(slots_.set_option != nullptr, "set_option");
}

void Optimizer::add_group(const ParamGroup& group) {
  std::vector<knack_string_t> names;
  for (const std::string& name : group.names) names.push_back(lend(name));
  std::vector<knack_tensor_t*> params;
  for (at::Tensor* param : group.params) params.push_back(borrow(*param));
  const Value options_value(group.options);
  const BorrowedValue options(options_value);
  const knack_param_group_t borrowed{.struct_size = sizeof(knack_param_group_t),
                                     .reserved = 0,
                                     .count = params.size(),
                                     .params_borrowed = params.data(),
                                     .names_borrowed = names.data(),
                                     .options_borrowed = options.get()};
  Call call(context(), "add_group");
  call.run([&] { return slots_.add_group(as<knack_optimizer_t>(), &borrowed); });
}

void Optimizer::step(std::span<const std::vector<at::Tensor>> gradients) {
  gradients_.resize(gradients.size());
  gradient_groups_.resize(gradients.size());
  for (std::size_t group = 0; group < gradients.size(); ++group) {
    gradients_[group].resize(gradients[group].size());
    for (std::size_t i = 0; i < gradients[group].size(); ++i) {
      const at::Tensor& gradient = gradients[group][i];
      gradients_[group][i] = gradient.defined() ? borrow(gradient) : nullptr;
    }
    gradient_groups_[group] = gradients_[group].data();
  }
  const knack_optimizer_step_t step{.struct_size = sizeof(knack_optimizer_step_t),
                                    .reserved = 0,
                                    .group_count = gradient_groups_.size(),
                                    .gradients_borrowed = gradient_groups_.data()};
  Call call(context(), "step");
  call.run([&] { return slots_.step(as<knack_optimizer_t>(), &step); });
}

double Optimizer::option(std::size_t group, const std::string& name) const {
  double value = 0.0;
  Call call(context(), "get_option");
  call.run([&] { return slots_.get_option(as<knack_optimizer_t>(), group, lend(name), &value); });
  return value;
}

void Optimizer::set_option(std::size_t group, const std::string& name, double value) const {
  Call call(context(), "set_option");
  call.run([&] { return slots_.set_option(as<knack_optimizer_t>(), group, lend(name), value); });
}

}  // namespace knack::host

// SPDX-License-Identifier: MIT
// The parameters that the optimizer trains, and their options (knack.params/1).
#pragma once

#include <knack/abi/ext/params.h>
#include <knack/abi/kinds/model.h>
#include <knack/sdk/index_range.hpp>
#include <knack/sdk/tensor_handle.hpp>

namespace knack::inline v1 {

/// One parameter. Names live until the fit ends.
struct Param {
  std::int64_t index;
  std::string_view name;        ///< as in the state dict
  std::string_view role;        ///< KNACK_ROLE_*
  std::string_view owner_kind;  ///< class of its layer
  bool requires_grad;           ///< false: frozen, belongs to no group
  knack_tensor_t* handle;       ///< the model's own; lives until the fit ends

  [[nodiscard]] Tensor tensor() const {
    return Tensor::retain(handle);
  }
};

/// Each distinct parameter once, in the model's order.
class Params : public detail::IndexRange<Params> {
 public:
  explicit Params(const knack_host_t* host)
      : host_(host), api_(&detail::extension<knack_params_api_t>(host, KNACK_EXT_PARAMS)) {}
  [[nodiscard]] std::int64_t size() const {
    return detail::count_host("knack.params/1 count", api_->count, host_);
  }
  [[nodiscard]] Param operator[](std::int64_t index) const {
    knack_param_t param{};
    param.struct_size = sizeof(param);
    detail::call_host("knack.params/1 get", api_->get, host_, index, &param);
    return {index,
            detail::from_abi(param.name),
            detail::from_abi(param.role),
            detail::from_abi(param.owner_kind),
            param.requires_grad != 0,
            param.tensor_borrowed};
  }

  /// The gradient, undefined when there is none. In `gradients` and `before_step`.
  [[nodiscard]] Tensor gradient(std::int64_t index) const {
    return Tensor::retain(gradient_handle(index));
  }
  /// The same as a borrowed handle, NULL when there is none; valid until the hook returns.
  [[nodiscard]] knack_tensor_t* gradient_handle(std::int64_t index) const {
    knack_tensor_t* gradient = nullptr;
    detail::call_host("knack.params/1 gradient", api_->gradient, host_, index, &gradient);
    return gradient;
  }

  /// Sets an optimizer option of one parameter; people are shown `reason`. In `fit_begin`.
  void set_option(const Param& param, std::string_view option, double value,
                  std::string_view reason) const {
    detail::call_host("knack.params/1 set_option", api_->set_option, host_, param.index,
                      detail::to_abi(option), value, detail::to_abi(reason));
  }

  /// The groups that followed from the options, and an option of a group. After `fit_begin`.
  [[nodiscard]] std::int64_t group_count() const {
    return detail::count_host("knack.params/1 group_count", api_->group_count, host_);
  }
  [[nodiscard]] double group_option(std::int64_t group, std::string_view option) const {
    double value = 0;
    detail::call_host("knack.params/1 get_group_option", api_->get_group_option, host_, group,
                      detail::to_abi(option), &value);
    return value;
  }
  void set_group_option(std::int64_t group, std::string_view option, double value) const {
    detail::call_host("knack.params/1 set_group_option", api_->set_group_option, host_, group,
                      detail::to_abi(option), value);
  }

 private:
  const knack_host_t* host_;
  const knack_params_api_t* api_;
};

}  // namespace knack::inline v1

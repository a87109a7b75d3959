// SPDX-License-Identifier: MIT
// Models without LibTorch's C++ interface; those with it start from knack/torch/.
#pragma once

#include <knack/abi/kinds/model.h>
#include <knack/sdk/fill.hpp>
#include <knack/sdk/plugin.hpp>

namespace knack::inline v1 {

/// One parameter or buffer. The texts live as long as the model.
struct ModelTensor {
  std::string_view name;
  std::string_view role = KNACK_ROLE_WEIGHT;
  std::string_view owner_kind;
  std::uint32_t flags = 0;  ///< KNACK_MODEL_TENSOR_*
  knack_tensor_t* handle = nullptr;
};

/// What each function means: knack_model_t. A model with normalization layers that keep running
/// statistics binds those slots itself, from a `bind` of its own that calls this one.
class Model : public Component {
 public:
  static constexpr const char* kind = KNACK_KIND_MODEL;
  using Abi = knack_model_t;

  virtual void set_training(bool training) = 0;
  virtual Value forward(ValueView inputs) = 0;
  /// Parameters and buffers in a fixed order, parameters first.
  [[nodiscard]] virtual std::int64_t tensor_count() const = 0;
  [[nodiscard]] virtual ModelTensor tensor(std::int64_t index) const = 0;

  template <typename T>
  static void bind(knack_model_t& abi) {
    using Self = detail::Instance<T>;
    abi.set_training = [](knack_model_t* model, std::uint32_t training) {
      Self& self = Self::of(model);
      return detail::guarded(self.host, [&] { self.object.set_training(training != 0); });
    };
    abi.forward = [](knack_model_t* model, const knack_value_t* inputs,
                     knack_value_t* out_outputs) {
      Self& self = Self::of(model);
      return detail::guarded(self.host, [&] {
        *out_outputs = self.object.forward(ValueView(inputs)).release(self.host);
      });
    };
    abi.tensor_count = [](knack_model_t* model) { return Self::of(model).object.tensor_count(); };
    abi.get_tensor = [](knack_model_t* model, std::int64_t index,
                        knack_model_tensor_t* out_tensor) {
      Self& self = Self::of(model);
      return detail::guarded(self.host, [&] {
        const ModelTensor tensor = self.object.tensor(index);
        detail::fill(out_tensor,
                     knack_model_tensor_t{.struct_size = sizeof(knack_model_tensor_t),
                                          .flags = tensor.flags,
                                          .name = detail::to_abi(tensor.name),
                                          .role = detail::to_abi(tensor.role),
                                          .owner_kind = detail::to_abi(tensor.owner_kind),
                                          .tensor_borrowed = tensor.handle});
      });
    };
  }
};

}  // namespace knack::inline v1

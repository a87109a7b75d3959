// SPDX-License-Identifier: MIT
// Functions with a derivative of their own, and gradients on request (knack.autograd/1, ABI 1.1).
#pragma once

#include <knack/sdk/host.hpp>

#include <memory>

namespace knack::inline v1 {

/// One application of a function: what forward leaves for backward.
class FunctionContext {
 public:
  explicit FunctionContext(knack_function_call_t* call) : call_(call) {}

  /// In forward, once. An undefined tensor may be among them.
  template <typename... Tensors>
  void save_for_backward(const Tensors&... tensors) {
    const std::array<knack_tensor_t*, sizeof...(Tensors)> handles{tensors.handle()...};
    detail::call_host("knack.autograd/1 save", detail::autograd_api().save, call_, handles.data(),
                      handles.size());
  }
  /// In backward: the tensor that was saved as number `index`.
  [[nodiscard]] Tensor saved(std::size_t index) const {
    knack_tensor_t* tensor = nullptr;
    detail::call_host("knack.autograd/1 saved", detail::autograd_api().saved, call_, index,
                      &tensor);
    return Tensor::take(tensor);
  }
  /// Whether the gradient of an input is wanted.
  [[nodiscard]] bool needs_gradient(std::size_t input) const {
    const auto needs = detail::autograd_api().needs_gradient;
    return needs != nullptr && needs(call_, input) != 0;
  }

 private:
  knack_function_call_t* call_;
};

namespace detail {

/// Results of forward and backward: one tensor, or an array of them.
template <typename Result>
inline constexpr std::size_t result_count = std::tuple_size_v<Result>;
template <>
inline constexpr std::size_t result_count<Tensor> = 1;

inline void give_results(Tensor result, knack_tensor_t** out) {
  out[0] = result.release();
}
template <std::size_t count>
void give_results(std::array<Tensor, count> results, knack_tensor_t** out) {
  for (std::size_t i = 0; i < count; ++i) out[i] = results[i].release();
}

/// The ABI's callbacks for a function of `input_count` inputs and `output_count` outputs.
template <typename Function, std::size_t input_count, std::size_t output_count>
struct BoundFunction {
  const knack_host_t* host;
  Function function;

  static std::int32_t forward(void* user, knack_function_call_t* call,
                              knack_tensor_t* const* inputs, std::uint64_t, knack_tensor_t** out,
                              std::uint64_t) {
    return run(
        user, call, inputs, out, [](Function& f, auto&... given) { return f.forward(given...); },
        std::make_index_sequence<input_count>());
  }
  static std::int32_t backward(void* user, knack_function_call_t* call,
                               knack_tensor_t* const* gradients, std::uint64_t,
                               knack_tensor_t** out, std::uint64_t) {
    return run(
        user, call, gradients, out,
        [](Function& f, auto&... given) { return f.backward(given...); },
        std::make_index_sequence<output_count>());
  }
  static void destroy(void* user) {
    delete static_cast<BoundFunction*>(user);
  }

 private:
  template <typename Body, std::size_t... index>
  static std::int32_t run(void* user, knack_function_call_t* call, knack_tensor_t* const* handles,
                          knack_tensor_t** out, Body body, std::index_sequence<index...>) {
    auto& self = *static_cast<BoundFunction*>(user);
    return guarded(self.host, [&] {
      FunctionContext context(call);
      const std::array<Tensor, sizeof...(index)> given{Tensor::retain(handles[index])...};
      auto results = body(self.function, context, given[index]...);
      if (!failed()) give_results(std::move(results), out);
    });
  }
};

template <typename Function>
constexpr const char* function_name() {
  if constexpr (requires { Function::name; }) {
    return Function::name;
  } else {
    return "function";
  }
}

template <typename Function>
constexpr std::uint32_t function_flags() {
  if constexpr (requires { Function::once_differentiable; }) {
    return Function::once_differentiable ? KNACK_FUNCTION_ONCE_DIFFERENTIABLE : 0u;
  } else {
    return 0u;
  }
}

}  // namespace detail

/// Applies a function that gives its own derivative. What is no tensor are members of the class:
///
///   struct StraightThrough {                    // rounds; its gradient is that of x -> x
///     static constexpr const char* name = "acme.round";
///     Tensor forward(FunctionContext& context, const Tensor& x) { return (x / step).round() * step; }
///     Tensor backward(FunctionContext& context, const Tensor& gradient) { return gradient; }
///     double step;
///   };
///   Tensor y = knack::apply(host, StraightThrough{0.25}, x);
///
/// forward takes as many tensors as `apply` is given, undefined ones for those that are, and gives
/// a Tensor or a std::array of them; backward takes a gradient for each of those and gives one (it
/// may be undefined) for each input. Both are methods or static. What backward does with operators
/// can be differentiated again; a class whose backward works in memory says so with
/// `static constexpr bool once_differentiable = true`. The function lives as long as the graph; it
/// is not used once the instance behind `host` is gone.
template <typename Function, typename... Inputs>
auto apply(const Host& host, Function function, const Inputs&... inputs) {
  using Result = decltype(function.forward(std::declval<FunctionContext&>(), inputs...));
  constexpr std::size_t kOutputs = detail::result_count<Result>;
  using Bound = detail::BoundFunction<Function, sizeof...(Inputs), kOutputs>;
  knack_function_t abi{};
  abi.struct_size = sizeof(abi);
  abi.flags = detail::function_flags<Function>();
  abi.name = detail::to_abi(detail::function_name<Function>());
  abi.forward = &Bound::forward;
  abi.backward = &Bound::backward;
  abi.destroy = &Bound::destroy;

  const std::array<knack_tensor_t*, sizeof...(Inputs)> handles{inputs.handle()...};
  std::array<knack_tensor_t*, kOutputs> outputs{};
  const auto slot = detail::autograd_api().apply;
  if (slot != nullptr && !failed()) abi.user = new Bound{host.abi(), std::move(function)};
  detail::call_host("knack.autograd/1 apply", slot, host.abi(), &abi, handles.data(),
                    handles.size(), outputs.data(), outputs.size());
  if constexpr (std::is_same_v<Result, Tensor>) {
    return Tensor::take(outputs[0]);
  } else {
    Result results;
    for (std::size_t i = 0; i < kOutputs; ++i) results[i] = Tensor::take(outputs[i]);
    return results;
  }
}

/// Switches recording by autograd on or off until the end of the scope.
class AutoGradMode {
 public:
  explicit AutoGradMode(bool enabled) {
    const auto set = detail::autograd_api().set_gradient_mode;
    before_ = set != nullptr && set(enabled ? 1 : 0) != 0;
  }
  AutoGradMode(const AutoGradMode&) = delete;
  AutoGradMode& operator=(const AutoGradMode&) = delete;
  ~AutoGradMode() {
    const auto* api = detail::gateway.autograd;
    if (api != nullptr) api->set_gradient_mode(before_ ? 1 : 0);
  }

 private:
  bool before_;
};

/// Nothing is recorded in this scope.
class NoGradGuard : public AutoGradMode {
 public:
  NoGradGuard() : AutoGradMode(false) {}
};

struct GradOptions {
  bool retain_graph = false;  ///< the graph is needed again: always so for the host's own loss
  bool create_graph = false;  ///< the gradients are differentiable themselves
};

/// The gradients of the sum of `outputs`, each of one element or weighted by its `weights`, with
/// respect to each of `inputs`; undefined for one that they do not depend on. Adds nothing to the
/// gradients that the host gathers.
inline std::vector<Tensor> grad(const Host& host, const std::vector<Tensor>& outputs,
                                const std::vector<Tensor>& inputs, GradOptions options = {},
                                const std::vector<Tensor>& weights = {}) {
  const auto handles = [](const std::vector<Tensor>& tensors) {
    std::vector<knack_tensor_t*> all;
    for (const Tensor& tensor : tensors) all.push_back(tensor.handle());
    return all;
  };
  const auto of_outputs = handles(outputs);
  const auto of_inputs = handles(inputs);
  auto of_weights = handles(weights);
  of_weights.resize(outputs.size());
  knack_gradient_request_t request{};
  request.struct_size = sizeof(request);
  request.flags = (options.retain_graph ? KNACK_GRADIENT_RETAIN_GRAPH : 0u) |
                  (options.create_graph ? KNACK_GRADIENT_CREATE_GRAPH : 0u);
  request.output_count = of_outputs.size();
  request.outputs_borrowed = of_outputs.data();
  request.output_gradients_borrowed = of_weights.data();
  request.input_count = of_inputs.size();
  request.inputs_borrowed = of_inputs.data();
  std::vector<knack_tensor_t*> found(inputs.size());
  detail::call_host("knack.autograd/1 gradients", detail::autograd_api().gradients, host.abi(),
                    &request, found.data());
  std::vector<Tensor> gradients;
  for (knack_tensor_t* gradient : found) gradients.push_back(Tensor::take(gradient));
  return gradients;
}

/// The same of one number with respect to one tensor.
inline Tensor grad(const Host& host, const Tensor& output, const Tensor& input,
                   GradOptions options = {}) {
  return grad(host, std::vector{output}, std::vector{input}, options)[0];
}

}  // namespace knack::inline v1

// SPDX-License-Identifier: MIT
// knack.autograd/1
#include <ATen/ATen.h>
#include <knack/abi/ext/autograd.h>
#include <torch/csrc/autograd/autograd.h>
#include <torch/csrc/autograd/custom_function.h>

#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "host/common/shape_text.hpp"
#include "host/plugin/guard.hpp"
#include "host/plugin/tensor_handle.hpp"
#include "host/plugin/text.hpp"
#include "host/services/serve.hpp"
#include "host/services/services.hpp"
#include "host/services/status.hpp"

namespace knack::host {
namespace {

using torch::autograd::AutogradContext;
using torch::autograd::variable_list;

constexpr std::uint64_t kMostTensors = 1 << 16;
constexpr const char* kFunctionKey = "function";

void check(bool holds, const std::string& text) {
  if (!holds) throw ServiceError(KNACK_STATUS_INVALID, text);
}

void check_list(const void* list, std::uint64_t count, const char* what) {
  check(count <= kMostTensors,
        std::string(what) + ": expected at most 65536 tensors, found " + std::to_string(count));
  if (count > 0) require(list, what);
}

/// The tensors behind handles; NULL becomes an undefined one.
variable_list tensors_of(knack_tensor_t* const* handles, std::uint64_t count) {
  variable_list tensors(count);
  for (std::uint64_t i = 0; i < count; ++i) {
    if (handles[i] != nullptr) tensors[i] = tensor_of(handles[i]);
  }
  return tensors;
}

std::vector<knack_tensor_t*> borrow_all(const variable_list& tensors) {
  std::vector<knack_tensor_t*> handles;
  handles.reserve(tensors.size());
  for (const at::Tensor& tensor : tensors) {
    handles.push_back(tensor.defined() ? borrow(tensor) : nullptr);
  }
  return handles;
}

/// Takes over what a plugin gave; NULL becomes an undefined tensor.
variable_list take_all(const std::vector<knack_tensor_t*>& handles) {
  variable_list tensors;
  tensors.reserve(handles.size());
  for (knack_tensor_t* handle : handles) {
    tensors.push_back(handle == nullptr ? at::Tensor() : take_tensor(handle));
  }
  return tensors;
}

/// A plugin's function and what it was applied to; lives as long as the node of the graph.
struct AppliedFunction : torch::CustomClassHolder {
  AppliedFunction(const knack_host_t* host, const knack_function_t& given,
                  std::shared_ptr<void> owned_user)
      : instance(InstanceContext::of(host)),
        function(given),
        user(std::move(owned_user)),
        name(view(given.name)) {}

  InstanceContext& instance;
  const knack_function_t function;
  const std::shared_ptr<void> user;
  const std::string name;
  const std::string backward_name = "backward of " + name;
  std::uint64_t output_count = 0;
  /// Of each input that was given; the others are absent from autograd's list of edges.
  std::vector<std::optional<std::size_t>> edges;
  std::vector<std::vector<std::int64_t>> shapes;
};

/// What a plugin sees of one call of its functions.
class FunctionCall {
 public:
  FunctionCall(AutogradContext* context, const AppliedFunction& applied)
      : context_(context), applied_(applied) {}

  /// In forward: which inputs need a gradient is known from the inputs themselves.
  std::vector<bool> wanted;
  bool is_forward = false;

  void save(variable_list tensors) {
    check(is_forward, "save: expected a call during forward, found one during backward");
    check(!has_saved_, "save: expected one call, found another");
    has_saved_ = true;
    context_->save_for_backward(std::move(tensors));
  }

  const at::Tensor& saved(std::uint64_t index) {
    check(!is_forward, "saved: expected a call during backward, found one during forward");
    if (!has_saved_) saved_ = context_->get_saved_variables();
    has_saved_ = true;
    return saved_[checked_index(static_cast<std::int64_t>(index), saved_.size(), "saved tensor")];
  }

  bool needs_gradient(std::uint64_t index) const {
    if (index >= applied_.edges.size() || !applied_.edges[index]) return false;
    if (is_forward) return wanted[index];
    return context_->needs_input_grad(*applied_.edges[index]);
  }

  knack_function_call_t* handle() {
    return reinterpret_cast<knack_function_call_t*>(this);
  }
  static FunctionCall& of(knack_function_call_t* call) {
    require(call, "call");
    return *reinterpret_cast<FunctionCall*>(call);
  }

 private:
  AutogradContext* context_;
  const AppliedFunction& applied_;
  bool has_saved_ = false;
  variable_list saved_;
};

/// What forward needs besides the inputs that autograd sees.
struct Application {
  c10::intrusive_ptr<AppliedFunction> applied;
  const variable_list& inputs;
  std::vector<bool> wanted;
  std::int32_t status = KNACK_STATUS_OK;
};

struct PluginFunction : torch::autograd::Function<PluginFunction> {
  static variable_list forward(AutogradContext* context, at::TensorList /*given*/,
                               Application& application) {
    const AppliedFunction& applied = *application.applied;
    context->saved_data[kFunctionKey] = at::IValue::make_capsule(application.applied);
    FunctionCall call(context, applied);
    call.wanted = application.wanted;
    call.is_forward = true;
    const std::vector<knack_tensor_t*> inputs = borrow_all(application.inputs);
    std::vector<knack_tensor_t*> outputs(applied.output_count);
    application.status =
        applied.function.forward(applied.function.user, call.handle(), inputs.data(), inputs.size(),
                                 outputs.data(), outputs.size());
    if (application.status != KNACK_STATUS_OK) throw CallbackFailed{};
    variable_list taken = take_all(outputs);
    for (std::size_t i = 0; i < taken.size(); ++i) {
      check(taken[i].defined(), "forward of " + applied.name + ": expected a tensor as output " +
                                    std::to_string(i) + ", found NULL");
    }
    return taken;
  }

  static variable_list backward(AutogradContext* context, const variable_list& gradients) {
    const auto applied = c10::static_intrusive_pointer_cast<AppliedFunction>(
        context->saved_data[kFunctionKey].toCapsule());
    Call place(applied->instance, applied->backward_name.c_str());
    if (at::GradMode::is_enabled() &&
        (applied->function.flags & KNACK_FUNCTION_ONCE_DIFFERENTIABLE) != 0) {
      place.fail(
          "the function can be differentiated once, and a derivative of its gradients was "
          "asked for");
    }
    FunctionCall call(context, *applied);
    const std::vector<knack_tensor_t*> handles = borrow_all(gradients);
    std::vector<knack_tensor_t*> results(applied->edges.size());
    place.run([&] {
      return applied->function.backward(applied->function.user, call.handle(), handles.data(),
                                        handles.size(), results.data(), results.size());
    });
    return checked_gradients(*applied, place, take_all(results));
  }

 private:
  /// The gradients of the inputs that were given, and none for the Application.
  static variable_list checked_gradients(const AppliedFunction& applied, const Call& place,
                                         variable_list gradients) {
    variable_list of_edges;
    for (std::size_t i = 0; i < gradients.size(); ++i) {
      if (!applied.edges[i]) continue;
      const at::Tensor& gradient = gradients[i];
      if (gradient.defined() && gradient.sizes() != at::IntArrayRef(applied.shapes[i])) {
        place.fail_check("a gradient of shape " + shape_text(applied.shapes[i]) + " for input " +
                             std::to_string(i),
                         "one of shape " + shape_text(gradient.sizes()));
      }
      of_edges.push_back(gradient);
    }
    of_edges.emplace_back();
    return of_edges;
  }
};

variable_list apply_to(const c10::intrusive_ptr<AppliedFunction>& applied,
                       const variable_list& inputs, std::int32_t& status) {
  Application application{.applied = applied, .inputs = inputs, .wanted = {}};
  variable_list given;
  for (const at::Tensor& input : inputs) {
    const bool is_given = input.defined();
    application.wanted.push_back(is_given && at::GradMode::is_enabled() && input.requires_grad());
    applied->edges.push_back(is_given ? std::optional(given.size()) : std::nullopt);
    applied->shapes.push_back(is_given ? input.sizes().vec() : std::vector<std::int64_t>());
    if (is_given) given.push_back(input);
  }
  try {
    return PluginFunction::apply(at::TensorList(given), application);
  } catch (const CallbackFailed&) {
    status = application.status;
    return {};
  }
}

std::int32_t apply(const knack_host_t* host, const knack_function_t* function,
                   knack_tensor_t* const* inputs, std::uint64_t input_count,
                   knack_tensor_t** out_outputs, std::uint64_t output_count) {
  std::int32_t callback_status = KNACK_STATUS_OK;
  const std::int32_t status = to_status([&] {
    require_size(function, offsetof(knack_function_t, destroy) + sizeof(function->destroy),
                 "function");
    auto* const destroy = function->destroy != nullptr ? function->destroy : [](void*) {};
    std::shared_ptr<void> user(function->user, destroy);
    require(host, "host");
    const auto applied = c10::make_intrusive<AppliedFunction>(host, *function, std::move(user));
    require(function->forward, "function.forward");
    require(function->backward, "function.backward");
    check_list(inputs, input_count, "inputs");
    check_list(out_outputs, output_count, "out_outputs");
    check(output_count > 0, "output_count: expected 1 or more, found 0");
    applied->output_count = output_count;
    const variable_list outputs =
        apply_to(applied, tensors_of(inputs, input_count), callback_status);
    for (std::size_t i = 0; i < outputs.size(); ++i) out_outputs[i] = give_tensor(outputs[i]);
  });
  return callback_status != KNACK_STATUS_OK ? callback_status : status;
}

std::int32_t save(knack_function_call_t* call, knack_tensor_t* const* tensors,
                  std::uint64_t count) {
  return to_status([&] {
    check_list(tensors, count, "tensors");
    FunctionCall::of(call).save(tensors_of(tensors, count));
  });
}

std::int32_t saved(knack_function_call_t* call, std::uint64_t index, knack_tensor_t** out) {
  return to_status([&] {
    require(out);
    const at::Tensor& tensor = FunctionCall::of(call).saved(index);
    *out = tensor.defined() ? give_tensor(tensor) : nullptr;
  });
}

std::uint32_t needs_gradient(knack_function_call_t* call, std::uint64_t index) {
  bool needed = false;
  static_cast<void>(to_status([&] { needed = FunctionCall::of(call).needs_gradient(index); }));
  return needed ? 1 : 0;
}

std::uint32_t set_gradient_mode(std::uint32_t enabled) {
  const bool before = at::GradMode::is_enabled();
  at::GradMode::set_enabled(enabled != 0);
  return before ? 1 : 0;
}

std::int32_t gradients(const knack_host_t* /*host*/, const knack_gradient_request_t* request,
                       knack_tensor_t** out) {
  return to_status([&] {
    require_size(
        request,
        offsetof(knack_gradient_request_t, inputs_borrowed) + sizeof(request->inputs_borrowed),
        "request");
    check_list(request->outputs_borrowed, request->output_count, "request.outputs");
    check_list(request->inputs_borrowed, request->input_count, "request.inputs");
    check_list(out, request->input_count, "out_gradients");
    const auto defined = [](knack_tensor_t* const* handles, std::uint64_t count, const char* what) {
      variable_list tensors = tensors_of(handles, count);
      for (const at::Tensor& tensor : tensors) {
        check(tensor.defined(), std::string(what) + ": expected tensors, found NULL among them");
      }
      return tensors;
    };
    const variable_list outputs =
        defined(request->outputs_borrowed, request->output_count, "request.outputs");
    const variable_list inputs =
        defined(request->inputs_borrowed, request->input_count, "request.inputs");
    const variable_list weights =
        request->output_gradients_borrowed == nullptr
            ? variable_list()
            : tensors_of(request->output_gradients_borrowed, request->output_count);
    const bool creates = (request->flags & KNACK_GRADIENT_CREATE_GRAPH) != 0;
    const bool retains = creates || (request->flags & KNACK_GRADIENT_RETAIN_GRAPH) != 0;
    const variable_list found =
        torch::autograd::grad(outputs, inputs, weights, retains, creates, /*allow_unused=*/true);
    for (std::size_t i = 0; i < found.size(); ++i) {
      out[i] = found[i].defined() ? give_tensor(found[i]) : nullptr;
    }
  });
}

constexpr knack_autograd_api_t kTable = {.struct_size = sizeof(knack_autograd_api_t),
                                         .reserved = 0,
                                         .apply = apply,
                                         .save = save,
                                         .saved = saved,
                                         .needs_gradient = needs_gradient,
                                         .set_gradient_mode = set_gradient_mode,
                                         .gradients = gradients};

}  // namespace

void register_autograd() {
  register_extension(KNACK_EXT_AUTOGRAD, &kTable);
}

}  // namespace knack::host

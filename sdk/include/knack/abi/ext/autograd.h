/* SPDX-License-Identifier: MIT
 *
 * knack.autograd/1: gradients of a plugin's own functions, and gradients on request. Since ABI 1.1.
 *
 * What a plugin computes with ext/aten.h is recorded by autograd as it is. This is for the rest: a
 * function whose derivative is known better than its operators' (a straight-through estimator, a
 * numerically stable form), or that works in memory, of which autograd sees nothing. */
#ifndef KNACK_ABI_EXT_AUTOGRAD_H
#define KNACK_ABI_EXT_AUTOGRAD_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_AUTOGRAD "knack.autograd/1"

/* `flags` of knack_function_t. */
#define KNACK_FUNCTION_ONCE_DIFFERENTIABLE 1u /* autograd sees nothing of what `backward` does */

/* One application of a function. The host's. */
typedef struct knack_function_call knack_function_call_t;

/* A differentiable function. The struct is copied by `apply`. */
typedef struct knack_function {
  uint32_t struct_size; /* set by the plugin */
  uint32_t flags;       /* KNACK_FUNCTION_* */
  knack_string_t name;  /* for people: "acme.clip" */
  void* user;           /* handed to the callbacks */

  /* Computes all `output_count` outputs; none may be NULL. Inputs are as given to `apply`, NULL
   * where none was given, and are not changed. Gradient mode is off. Never NULL.
   * [the thread of `apply`, during it] */
  int32_t (*forward)(void* user, knack_function_call_t* call, knack_tensor_t* const* inputs_borrowed,
                     uint64_t input_count, knack_tensor_t** out_outputs_owned,
                     uint64_t output_count);

  /* From the gradients of the outputs, which are never NULL, the gradients of the inputs; NULL for
   * one that has none. Gradient mode is on when a derivative of the gradients will be asked for:
   * then what operators do here is recorded, and with KNACK_FUNCTION_ONCE_DIFFERENTIABLE set the
   * host fails instead of calling. Never NULL.
   * [one thread at a time, while the instance lives] */
  int32_t (*backward)(void* user, knack_function_call_t* call,
                      knack_tensor_t* const* output_gradients_borrowed, uint64_t output_count,
                      knack_tensor_t** out_input_gradients_owned, uint64_t input_count);

  /* Frees `user`, once, when no backward can follow. May be NULL. [any thread] */
  void (*destroy)(void* user);
} knack_function_t;

/* `flags` of knack_gradient_request_t. */
#define KNACK_GRADIENT_RETAIN_GRAPH 1u /* the graph is needed again, by the host's backward too */
#define KNACK_GRADIENT_CREATE_GRAPH 2u /* the gradients are differentiable themselves */

typedef struct knack_gradient_request {
  uint32_t struct_size; /* set by the caller */
  uint32_t flags;       /* KNACK_GRADIENT_* */
  uint64_t output_count;
  knack_tensor_t* const* outputs_borrowed;
  /* What the gradients of the outputs are: NULL, also for one of them, stands for 1 and is allowed
   * for outputs of one element. */
  knack_tensor_t* const* output_gradients_borrowed;
  uint64_t input_count;
  knack_tensor_t* const* inputs_borrowed;
} knack_gradient_request_t;

typedef struct knack_autograd_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Computes the function and records it, unless gradient mode is off or no input needs a gradient.
   * Inputs may be NULL. `function->user` is the host's from here on, also when this fails. A status
   * of `forward` is returned unchanged. A failure of `backward` ends the backward pass in progress
   * and is reported as one of this instance. [fit thread] */
  int32_t (*apply)(const knack_host_t* host, const knack_function_t* function,
                   knack_tensor_t* const* inputs_borrowed, uint64_t input_count,
                   knack_tensor_t** out_outputs_owned, uint64_t output_count);

  /* Keeps tensors for `backward`: once, in `forward`. Inputs and outputs are watched: the backward
   * pass fails if they were changed in place in between. NULL may be among them.
   * [during `forward`] */
  int32_t (*save)(knack_function_call_t* call, knack_tensor_t* const* tensors_borrowed,
                  uint64_t count);

  /* What was kept as number `index`; NULL if NULL was. [during `backward`] */
  int32_t (*saved)(knack_function_call_t* call, uint64_t index, knack_tensor_t** out_tensor_owned);

  /* 1 when the gradient of input `index` is wanted, otherwise 0. [during `forward`, `backward`] */
  uint32_t (*needs_gradient)(knack_function_call_t* call, uint64_t index);

  /* Switches recording on (1) or off (0) on this thread; the state before. A hook puts back what it
   * found. [any thread] */
  uint32_t (*set_gradient_mode)(uint32_t enabled);

  /* The gradients of the sum of all outputs, weighted by `output_gradients`, with respect to each
   * input: `input_count` handles, NULL for an input that no output depends on. Nothing is added to
   * the gradients that the host gathers. [fit thread] */
  int32_t (*gradients)(const knack_host_t* host, const knack_gradient_request_t* request,
                       knack_tensor_t** out_gradients_owned);
} knack_autograd_api_t;

#ifdef __cplusplus
}
#endif

#endif

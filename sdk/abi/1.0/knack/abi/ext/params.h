/* SPDX-License-Identifier: MIT
 *
 * knack.params/1: the parameters that the optimizer trains, and their options.
 *
 * Groups are not edited, they follow: tricks set options of single parameters, and the host puts
 * parameters with equal options into one group. So tricks that decide about weight decay and tricks
 * that decide about learning rates need not know of each other. */
#ifndef KNACK_ABI_EXT_PARAMS_H
#define KNACK_ABI_EXT_PARAMS_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_PARAMS "knack.params/1"

/* Strings and handles live until the fit ends. */
typedef struct knack_param {
  uint32_t struct_size;      /* in: room, set by the caller; out: filled */
  uint32_t requires_grad;    /* 0: frozen, belongs to no group */
  knack_string_t name;       /* state-dict name */
  knack_string_t role;       /* KNACK_ROLE_* (kinds/model.h) */
  knack_string_t owner_kind; /* class of its layer */
  knack_tensor_t* tensor_borrowed; /* the model's own parameter */
} knack_param_t;

typedef struct knack_params_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Each distinct parameter once, in the model's order. Counts are -1 on failure. [fit thread] */
  int64_t (*count)(const knack_host_t* host);
  int32_t (*get)(const knack_host_t* host, int64_t index, knack_param_t* out_param);

  /* Its gradient, or NULL when it has none. Valid until the hook returns. [fit thread, in gradients
   * and before_step] */
  int32_t (*gradient)(const knack_host_t* host, int64_t index, knack_tensor_t** out_gradient_borrowed);

  /* Sets an optimizer option, such as "weight_decay" or "lr", for one parameter; `reason` is shown
   * to people. Two tricks that set one option of one parameter differently end the run with an
   * error. [fit thread, in fit_begin] */
  int32_t (*set_option)(const knack_host_t* host, int64_t index, knack_string_t option, double value,
                        knack_string_t reason);

  /* The groups that followed, and an option of a group: read, or set from the next step on
   * (learning rate schedules). [fit thread, after fit_begin] */
  int64_t (*group_count)(const knack_host_t* host);
  int32_t (*get_group_option)(const knack_host_t* host, int64_t group, knack_string_t option,
                              double* out_value);
  int32_t (*set_group_option)(const knack_host_t* host, int64_t group, knack_string_t option,
                              double value);
} knack_params_api_t;

#ifdef __cplusplus
}
#endif

#endif

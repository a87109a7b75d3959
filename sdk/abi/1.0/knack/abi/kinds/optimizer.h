/* SPDX-License-Identifier: MIT
 *
 * Optimizers: gradients to new weights. */
#ifndef KNACK_ABI_KINDS_OPTIMIZER_H
#define KNACK_ABI_KINDS_OPTIMIZER_H

#include <knack/abi/instance.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_KIND_OPTIMIZER "optimizer"

/* Parameters that share all options. `options_borrowed` is a map of those options that differ from
 * the optimizer's own, such as {"weight_decay": 0.0}. Parameter handles and names stay valid as
 * long as the optimizer lives; the map does not. */
typedef struct knack_param_group {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t count; /* of parameters, >= 1 */
  knack_tensor_t* const* params_borrowed;
  const knack_string_t* names_borrowed;
  const knack_value_t* options_borrowed;
} knack_param_group_t;

/* Gradients of one step: gradients_borrowed[group][i] belongs to params_borrowed[i] of that group
 * and is NULL for a parameter without gradient, which is then left alone, its state too. */
typedef struct knack_optimizer_step {
  uint32_t struct_size;
  uint32_t reserved;
  uint64_t group_count;
  knack_tensor_t* const* const* gradients_borrowed;
} knack_optimizer_step_t;

typedef struct knack_optimizer {
  knack_instance_t head;

  /* Adds a group; groups are numbered from 0 in the order they are added, all before the first
   * step. An option the optimizer does not know is an error. [fit thread] */
  int32_t (*add_group)(struct knack_optimizer* optimizer, const knack_param_group_t* group_borrowed);

  /* Changes the parameters in place. Gradient mode is off. [fit thread] */
  int32_t (*step)(struct knack_optimizer* optimizer, const knack_optimizer_step_t* step_borrowed);

  /* A numeric option of a group, such as "lr": read, or set for the steps to come. [fit thread] */
  int32_t (*get_option)(struct knack_optimizer* optimizer, uint64_t group, knack_string_t name,
                        double* out_value);
  int32_t (*set_option)(struct knack_optimizer* optimizer, uint64_t group, knack_string_t name,
                        double value);
} knack_optimizer_t;

#ifdef __cplusplus
}
#endif

#endif

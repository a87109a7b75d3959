/* SPDX-License-Identifier: MIT
 *
 * Objectives: the loss that is minimized, and the metrics that are reported. */
#ifndef KNACK_ABI_KINDS_OBJECTIVE_H
#define KNACK_ABI_KINDS_OBJECTIVE_H

#include <knack/abi/instance.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_KIND_OBJECTIVE "objective"

typedef struct knack_objective {
  knack_instance_t head;

  /* The loss of a micro-batch: a 0-dim tensor, the mean over whatever `weight` counts. Recorded by
   * autograd. [fit thread] */
  int32_t (*loss)(struct knack_objective* objective, const knack_value_t* outputs_borrowed,
                  const knack_value_t* targets_borrowed, knack_tensor_t** out_loss_owned);

  /* How many items (samples, tokens, pixels, boxes) the loss of a micro-batch with these targets is
   * the mean of; >= 0. The host knows the weights of a whole window before its first backward and
   * scales each micro-batch by its share, so that accumulation equals the large batch also when the
   * items are unevenly spread. NULL: the number of samples. [fit thread] */
  int32_t (*weight)(struct knack_objective* objective, const knack_value_t* targets_borrowed,
                    double* out_weight);

  /* Metrics over an evaluation: `metrics_begin`, then `metrics_update` for each batch, then
   * `metrics_result` gives an owned map of name to number, "loss" among them. All three slots may
   * be NULL, together: then only the weighted mean loss is reported. Gradient mode is off. [fit
   * thread] */
  int32_t (*metrics_begin)(struct knack_objective* objective);
  int32_t (*metrics_update)(struct knack_objective* objective, const knack_value_t* outputs_borrowed,
                            const knack_value_t* targets_borrowed);
  int32_t (*metrics_result)(struct knack_objective* objective, knack_value_t* out_metrics_owned);
} knack_objective_t;

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * Tricks: everything that acts around the training step. */
#ifndef KNACK_ABI_KINDS_TRICK_H
#define KNACK_ABI_KINDS_TRICK_H

#include <knack/abi/instance.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_KIND_TRICK "trick"

struct knack_trick;

/* Replies: what the host does after the hook. The strongest reply of all tricks wins. */
#define KNACK_REPLY_CONTINUE 0u
#define KNACK_REPLY_SKIP_BATCH 1u /* batch, forward, loss: leave this micro-batch out of the window */
#define KNACK_REPLY_SKIP_STEP 2u  /* before_step: drop the gradient; after_step sees stepped = 0 */
#define KNACK_REPLY_STOP_EPOCH 3u /* after_step: evaluate now, then begin the next epoch */
#define KNACK_REPLY_STOP_FIT 4u   /* after_step, epoch_end: evaluate if due, then fit_end */

/* What a hook is told and what it may answer. The host fills it before each call; fields that mean
 * nothing at a hook are zero. Everything reached through it is borrowed.
 *
 * Counters: a window is the micro-batches of one optimizer step (one, unless a trick asks for
 * more). Only steps that really changed the weights count. */
typedef struct knack_hook_context {
  uint32_t struct_size;
  uint32_t reply; /* out: KNACK_REPLY_*; CONTINUE when the hook is entered */

  int64_t epoch;        /* the epoch in progress, from 1; 0 in fit_begin */
  int64_t total_epochs; /* as planned */
  int64_t step;         /* optimizer steps made so far; after_step counts the one just made */
  int64_t total_steps;  /* as planned with the present window; 0 before the first window */
  int64_t micro_batch;  /* training micro-batches consumed so far, with the one in progress */
  int64_t samples_seen; /* training samples consumed so far, with those in progress */

  int64_t window_micro_batches; /* micro-batches of this window: the real number, short at epoch end */
  int64_t window_position;      /* this micro-batch within the window, from 0 */
  int64_t batch_samples;        /* samples of this micro-batch */
  double window_weight;         /* sum of the objective's weights over the window */
  double batch_weight;          /* this micro-batch's share of it, before division */

  uint32_t stepped;          /* after_step: 1 when the weights changed, 0 when the step was dropped */
  uint32_t higher_is_better; /* at every hook: 1 when a larger monitored value is better */
  uint32_t is_final;         /* eval_begin, eval_end: 1 in the evaluations after fit_end */
  uint32_t is_trial;         /* eval_begin, eval_end: 1 when a trick asked for this evaluation to choose
                                between candidates (ext/weights.h): it is not the epoch's own */
  double monitored;          /* eval_end: the monitored value of this weight set, NaN when absent */
  knack_string_t monitor;    /* at every hook: the monitored metric's name, such as "top1" */
  knack_string_t weight_set; /* eval_begin, eval_end: the set that is active, such as "live" */
  knack_string_t split;      /* eval_begin, eval_end: "valid"; measuring "test" calls no hooks */

  const knack_value_t* inputs_borrowed;  /* batch, forward, loss, gradients */
  const knack_value_t* targets_borrowed; /* batch, forward, loss, gradients */
  const knack_value_t* outputs_borrowed; /* forward, loss */
  const knack_value_t* metrics_borrowed; /* eval_end: map of name to number */
  knack_tensor_t* loss_borrowed;         /* loss, gradients: 0-dim, mean over the micro-batch */
  /* batch, forward, loss, gradients: the samples of this micro-batch, batch_samples indices into
   * the training data in the order of the inputs as they were read. NULL when unknown. */
  const int64_t* batch_indices_borrowed;

  /* out: replacements, taken when not NONE or NULL; the next trick already sees them. They are the
   * host's as soon as they are here, also when the hook then fails. */
  knack_value_t new_inputs_owned;  /* batch */
  knack_value_t new_targets_owned; /* batch: before the weights of a window are counted */
  knack_value_t new_outputs_owned; /* forward */
  knack_tensor_t* new_loss_owned;  /* loss: 0-dim, must depend on the parameters */

  /* out, window_begin: micro-batches wanted per optimizer step, >= 1; 0 leaves it to others. Two
   * tricks that both ask end the run with an error that names them. Windows never cross epochs. */
  int64_t request_micro_batches;
} knack_hook_context_t;

/* A hook. Any status but KNACK_STATUS_OK ends the run with the trick's id, instance and hook in the
 * message; weights stay as they are. All hooks are called on the fit thread, never concurrently,
 * one trick after the other: in trick order for hooks that open something, in reverse order for
 * hooks that close it (gradients, after_step, eval_end, epoch_end, fit_end). Gradient mode is off
 * except in `batch`, `forward` and `loss`. */
typedef int32_t (*knack_hook_t)(struct knack_trick* trick, knack_hook_context_t* context);

/* A slot that is NULL is not subscribed and costs nothing. */
typedef struct knack_trick {
  knack_instance_t head;

  knack_hook_t fit_begin;    /* once; options of parameters may be set (ext/params.h) */
  knack_hook_t epoch_begin;  /* each epoch */
  knack_hook_t window_begin; /* each optimizer step, before its data is fetched */
  knack_hook_t batch;        /* each micro-batch, on the training device; may replace the data */
  knack_hook_t forward;      /* each micro-batch, after the model; may replace the outputs */
  knack_hook_t loss;         /* each micro-batch, after the objective; may replace the loss */
  knack_hook_t gradients;    /* each micro-batch, after its backward; sums so far, share applied */
  knack_hook_t before_step;  /* the window's mean gradient is complete; may change it or veto */
  knack_hook_t after_step;   /* weights changed, or not: see `stepped` */
  knack_hook_t eval_begin;   /* a weight set is active and about to be evaluated; buffers that are
                                changed here are put back after eval_end, once the set was saved */
  knack_hook_t eval_end;     /* its metrics are there; the set is still active */
  knack_hook_t epoch_end;    /* each epoch, after its evaluations */
  knack_hook_t fit_end;      /* once; last chance to publish weight sets */
} knack_trick_t;

#ifdef __cplusplus
}
#endif

#endif

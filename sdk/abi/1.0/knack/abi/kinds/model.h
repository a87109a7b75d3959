/* SPDX-License-Identifier: MIT
 *
 * Models: inputs to outputs, with named parameters and buffers. */
#ifndef KNACK_ABI_KINDS_MODEL_H
#define KNACK_ABI_KINDS_MODEL_H

#include <knack/abi/instance.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_KIND_MODEL "model"

/* Roles of parameters and buffers. Tricks decide by role, never by guessing from names; unknown
 * roles are treated as KNACK_ROLE_WEIGHT. */
#define KNACK_ROLE_WEIGHT "weight"         /* of convolutions, linear layers, attention, ... */
#define KNACK_ROLE_BIAS "bias"             /* of the same */
#define KNACK_ROLE_NORM_SCALE "norm_scale" /* the factor of a normalization layer */
#define KNACK_ROLE_NORM_SHIFT "norm_shift" /* the summand of a normalization layer */
#define KNACK_ROLE_NORM_STAT "norm_stat"   /* running_mean, running_var, num_batches_tracked */
#define KNACK_ROLE_EMBEDDING "embedding"   /* lookup tables */
#define KNACK_ROLE_TOKEN "token"           /* class and position tokens and tables */
#define KNACK_ROLE_SCALE "scale"           /* other learned factors: layer scale, PReLU */
#define KNACK_ROLE_BUFFER "buffer"         /* any other buffer */

#define KNACK_MODEL_TENSOR_BUFFER 1u        /* not trained by gradient */
#define KNACK_MODEL_TENSOR_NOT_PERSISTENT 2u /* a buffer that is not part of the state dict */

/* One parameter or buffer. Strings and handle are the model's and live as long as it does. The host
 * may exchange the storage behind the handle (dtype, device, memory format, active weight set), but
 * the handle stays. A tensor shared by two layers is listed once, under its first name. */
typedef struct knack_model_tensor {
  uint32_t struct_size;      /* in: room, set by the caller; out: filled */
  uint32_t flags;            /* KNACK_MODEL_TENSOR_* */
  knack_string_t name;       /* as in the PyTorch state dict: "layer1.0.bn1.weight" */
  knack_string_t role;       /* KNACK_ROLE_* */
  knack_string_t owner_kind; /* class of the layer: "BatchNorm2d", "Linear" */
  knack_tensor_t* tensor_borrowed;
} knack_model_tensor_t;

/* One normalization layer with running statistics. Strings and handles are the model's, as above.
 * */
typedef struct knack_norm_layer {
  uint32_t struct_size; /* in: room, set by the caller; out: filled */
  uint32_t training;   /* 1: normalizes by the batch and updates its statistics */
  knack_string_t name; /* "layer1.0.bn1" */
  knack_string_t kind; /* "BatchNorm2d" */
  int64_t channels;
  double momentum; /* weight of the new batch in the running statistics; NaN: cumulative average */
  knack_tensor_t* running_mean_borrowed;        /* (channels) */
  knack_tensor_t* running_var_borrowed;         /* (channels) */
  knack_tensor_t* num_batches_tracked_borrowed; /* 0-dim int64, or NULL */
} knack_norm_layer_t;

typedef struct knack_model {
  knack_instance_t head;

  /* Training or inference behaviour (dropout, BatchNorm), for all layers. [fit thread] */
  int32_t (*set_training)(struct knack_model* model, uint32_t training);

  /* Computes outputs. Recorded by autograd when gradient mode is on; floating point inputs arrive
   * on the parameters' device and in their dtype. [fit thread] */
  int32_t (*forward)(struct knack_model* model, const knack_value_t* inputs_borrowed,
                     knack_value_t* out_outputs_owned);

  /* Parameters and buffers in a fixed order, parameters first. A negative count is a failure.
   * [fit thread] */
  int64_t (*tensor_count)(struct knack_model* model);
  int32_t (*get_tensor)(struct knack_model* model, int64_t index, knack_model_tensor_t* out_tensor);

  /* Normalization layers with running statistics, in forward order where known. A negative count
   * is a failure. All four slots may be NULL, together, for a model without any. [fit thread] */
  int64_t (*norm_layer_count)(struct knack_model* model);
  int32_t (*get_norm_layer)(struct knack_model* model, int64_t index, knack_norm_layer_t* out_layer);
  int32_t (*set_norm_training)(struct knack_model* model, int64_t index, uint32_t training);
  int32_t (*set_norm_momentum)(struct knack_model* model, int64_t index, double momentum);
} knack_model_t;

#ifdef __cplusplus
}
#endif

#endif

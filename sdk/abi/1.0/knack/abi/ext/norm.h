/* SPDX-License-Identifier: MIT
 *
 * knack.norm/1: normalization layers of the model: statistics, momentum, and what flows into them.
 * */
#ifndef KNACK_ABI_EXT_NORM_H
#define KNACK_ABI_EXT_NORM_H

#include <knack/abi/kinds/model.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_NORM "knack.norm/1"

/* A forward pass of the active weights over training data in which the inputs of the normalization
 * layers are shown. Only layers that are in training mode during training normalize by the batch;
 * dropout and everything else behaves as in evaluation. No gradient, no autocast; afterwards modes,
 * running statistics, num_batches_tracked and random streams are as before. */
typedef struct knack_norm_pass {
  uint32_t struct_size; /* set by the caller */
  uint32_t reserved;
  int64_t samples; /* as in knack_data_pass_t */
  void* user;
  /* Each time such a layer is reached: its index and its input, (samples, channels, ...). A layer
   * that the model uses twice is shown twice a batch. A status but OK ends the pass and is
   * returned. Never NULL. [fit thread, during `observe`] */
  int32_t (*on_input)(void* user, int64_t layer, knack_tensor_t* input_borrowed);
} knack_norm_pass_t;

/* All functions: [fit thread]. */
typedef struct knack_norm_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Number of layers; -1 on failure. */
  int64_t (*count)(const knack_host_t* host);
  /* `training` tells the layer's mode during training; handles name the active weights. Strings and
   * handles live until the fit ends. */
  int32_t (*get)(const knack_host_t* host, int64_t layer, knack_norm_layer_t* out_layer);
  int32_t (*set_momentum)(const knack_host_t* host, int64_t layer, double momentum);

  /* Runs a pass; `*out_samples` says how many samples were seen. Not from inside a pass. */
  int32_t (*observe)(const knack_host_t* host, const knack_norm_pass_t* request, int64_t* out_samples);
} knack_norm_api_t;

#ifdef __cplusplus
}
#endif

#endif

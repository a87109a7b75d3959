/* SPDX-License-Identifier: MIT
 *
 * knack.data/1: another look at the training data. */
#ifndef KNACK_ABI_EXT_DATA_H
#define KNACK_ABI_EXT_DATA_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_DATA "knack.data/1"

/* A pass over training batches, apart from the one in progress: samples in the order of the first
 * epoch, batches as the recipe cuts them, the last one cut so that exactly `samples` are seen. */
typedef struct knack_data_pass {
  uint32_t struct_size; /* set by the caller */
  uint32_t reserved;
  int64_t samples; /* at most this many; what the data has is the limit; <= 0: all */
  void* user;      /* handed to the callback */
  /* Each batch, on the training device, borrowed. A status but OK ends the pass and is returned.
   * Never NULL. [fit thread, during `pass`] */
  int32_t (*on_batch)(void* user, const knack_value_t* inputs_borrowed,
                      const knack_value_t* targets_borrowed, int64_t samples);
} knack_data_pass_t;

typedef struct knack_data_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Number of training samples; -1 on failure. [fit thread] */
  int64_t (*train_samples)(const knack_host_t* host);

  /* Runs a pass; `*out_samples` says how many samples were seen. Gradient mode is off. [fit thread]
   * */
  int32_t (*pass)(const knack_host_t* host, const knack_data_pass_t* request, int64_t* out_samples);
} knack_data_api_t;

#ifdef __cplusplus
}
#endif

#endif

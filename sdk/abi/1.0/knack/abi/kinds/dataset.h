/* SPDX-License-Identifier: MIT
 *
 * Datasets: a fixed number of samples, read by index. */
#ifndef KNACK_ABI_KINDS_DATASET_H
#define KNACK_ABI_KINDS_DATASET_H

#include <knack/abi/instance.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_KIND_DATASET "dataset"

/* Which samples make up a batch. A dataset that draws random numbers (augmentation) derives them
 * from `seed`, `epoch` and the sample's index alone, so that the number of loader threads and a
 * resume change nothing. */
typedef struct knack_batch_request {
  uint32_t struct_size;
  uint32_t reserved;
  int64_t epoch; /* from 1 in training; 0 otherwise */
  uint64_t seed; /* of this run and data section */
  const int64_t* indices_borrowed; /* each in 0 .. length - 1 */
  int64_t count;                   /* >= 1 */
} knack_batch_request_t;

typedef struct knack_dataset {
  knack_instance_t head;

  /* Number of samples, >= 1. [fit thread] */
  int32_t (*length)(struct knack_dataset* dataset, int64_t* out_length);

  /* Facts as an owned map, such as {"num_classes": 10, "classes": [...], "shape": [1, 8, 8]}. The
   * slot may be NULL. [fit thread] */
  int32_t (*describe)(struct knack_dataset* dataset, knack_value_t* out_facts_owned);

  /* Reads samples and stacks them, on the CPU: for classification of images, inputs are one tensor
   * (count, channels, height, width) of float in [0, 1] unless normalized, targets one int64 tensor
   * (count). Gradient mode is off and LibTorch is limited to one thread.
   * [loader threads; concurrently only with KNACK_INSTANCE_REENTRANT] */
  int32_t (*batch)(struct knack_dataset* dataset, const knack_batch_request_t* request,
                   knack_value_t* out_inputs_owned, knack_value_t* out_targets_owned);
} knack_dataset_t;

#ifdef __cplusplus
}
#endif

#endif

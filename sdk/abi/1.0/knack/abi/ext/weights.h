/* SPDX-License-Identifier: MIT
 *
 * knack.weights/1: named weight sets.
 *
 * A weight set is a full copy of the model's parameters and buffers. "live" is the one the
 * optimizer trains. Tricks publish further sets and change their tensors; they never swap weights
 * themselves. The host evaluates, logs, saves and exports every published set. */
#ifndef KNACK_ABI_EXT_WEIGHTS_H
#define KNACK_ABI_EXT_WEIGHTS_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_WEIGHTS "knack.weights/1"
#define KNACK_WEIGHTS_LIVE "live"

/* The host's; valid until the fit ends. */
typedef struct knack_weight_set knack_weight_set_t;

#define KNACK_WEIGHT_BUFFER 1u         /* a buffer, not a parameter */
#define KNACK_WEIGHT_FLOATING 2u       /* has a floating point dtype */
#define KNACK_WEIGHT_NOT_PERSISTENT 4u /* is not saved */

/* One tensor of a set. Entry i of every set is the same parameter or buffer. The handle names this
 * set's own storage, whichever set is active, and stays valid until the fit ends. */
typedef struct knack_weight {
  uint32_t struct_size; /* in: room, set by the caller; out: filled */
  uint32_t flags;       /* KNACK_WEIGHT_* */
  knack_string_t name;  /* state-dict name */
  knack_string_t role;  /* KNACK_ROLE_* (kinds/model.h) */
  knack_tensor_t* tensor_borrowed;
} knack_weight_t;

/* All functions: [fit thread]. Paths are relative to the instance's own folder in the run folder,
 * use '/', and may not leave it. */
typedef struct knack_weights_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* The set of that name; KNACK_STATUS_NOT_FOUND when nobody published it. */
  int32_t (*find)(const knack_host_t* host, knack_string_t name, knack_weight_set_t** out_set);

  /* Makes a new set with a copy of the live weights. A name that is taken is an error that names
   * its publisher. */
  int32_t (*publish)(const knack_host_t* host, knack_string_t name, knack_weight_set_t** out_set);

  /* Number of tensors, the same in every set; -1 on failure. */
  int64_t (*count)(const knack_host_t* host, knack_weight_set_t* set);
  int32_t (*get)(const knack_host_t* host, knack_weight_set_t* set, int64_t index,
                 knack_weight_t* out_weight);

  /* Copies all tensors of one set into another. */
  int32_t (*copy)(const knack_host_t* host, knack_weight_set_t* from, knack_weight_set_t* to);

  /* Writes the set as a safetensors file, atomically; reads it back, tensor by name; removes it.
   * The host keeps a removed file as long as a checkpoint still names it. */
  int32_t (*save)(const knack_host_t* host, knack_weight_set_t* set, knack_string_t path);
  int32_t (*load)(const knack_host_t* host, knack_weight_set_t* set, knack_string_t path);
  int32_t (*remove)(const knack_host_t* host, knack_string_t path);

  /* Evaluates the set on `valid` now, with all eval hooks but `eval_end` of the calling instance,
   * without logging it: for choosing between candidates. The metrics are an owned map. After
   * fit_begin, not in eval hooks. */
  int32_t (*evaluate)(const knack_host_t* host, knack_weight_set_t* set,
                      knack_value_t* out_metrics_owned);
} knack_weights_api_t;

#ifdef __cplusplus
}
#endif

#endif

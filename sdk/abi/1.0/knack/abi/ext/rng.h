/* SPDX-License-Identifier: MIT
 *
 * knack.rng/1: random numbers that belong to one instance.
 *
 * Each instance has a stream of its own, seeded by the run's seed and the instance's name. What a
 * trick draws changes no other stream, and the stream is saved with the run. There is none on
 * loader threads: datasets derive what they draw from the request (kinds/dataset.h). */
#ifndef KNACK_ABI_EXT_RNG_H
#define KNACK_ABI_EXT_RNG_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_RNG "knack.rng/1"

typedef struct knack_rng_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* 64 random bits. [fit thread; on others 0, and the call in progress fails] */
  uint64_t (*next)(const knack_host_t* host);

  /* Uniform in [0, 1), with 53 random bits. [as `next`] */
  double (*uniform)(const knack_host_t* host);
} knack_rng_api_t;

#ifdef __cplusplus
}
#endif

#endif

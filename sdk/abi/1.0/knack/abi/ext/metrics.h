/* SPDX-License-Identifier: MIT
 *
 * knack.metrics/1: numbers and facts of a trick, in metrics.jsonl and summary.json. */
#ifndef KNACK_ABI_EXT_METRICS_H
#define KNACK_ABI_EXT_METRICS_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_METRICS "knack.metrics/1"

typedef struct knack_metrics_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* A number at the present step, logged as "<instance>.<name>" with the next record. [fit thread]
   * */
  int32_t (*report)(const knack_host_t* host, knack_string_t name, double value);

  /* A fact about the whole run, kept in summary.json under "tricks" / instance / key; the last
   * value given wins. No tensors. [fit thread] */
  int32_t (*summarize)(const knack_host_t* host, knack_string_t key,
                       const knack_value_t* value_borrowed);
} knack_metrics_api_t;

#ifdef __cplusplus
}
#endif

#endif

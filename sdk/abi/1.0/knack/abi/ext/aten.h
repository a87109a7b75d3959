/* SPDX-License-Identifier: MIT
 *
 * knack.aten/1: every ATen operator, found once by name and called any number of times.
 *
 * This is how a plugin without any LibTorch symbol computes: dispatch, autograd, autocast and all
 * devices work as they do in C++. A call costs some 0.3 microseconds more than a direct one. */
#ifndef KNACK_ABI_EXT_ATEN_H
#define KNACK_ABI_EXT_ATEN_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_ATEN "knack.aten/1"

/* An operator of one overload. The host's; valid until the process ends. */
typedef struct knack_operator knack_operator_t;

typedef struct knack_aten_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* Looks up "aten::lerp_" with overload "Scalar" ("" when it has none). KNACK_STATUS_NOT_FOUND
   * when this LibTorch has no such operator. [any thread] */
  int32_t (*find)(const char* name, const char* overload, const knack_operator_t** out_operator);

  /* Calls it. Arguments are given in the order of the operator's schema; trailing ones may be left
   * out when the schema has defaults. Values convert by the schema's type:
   *   Tensor: TENSOR; Tensor?: TENSOR or NONE; Tensor[]: LIST of TENSOR; Scalar: INT, FLOAT or BOOL;
   *   int, SymInt, ScalarType, MemoryFormat, Layout: INT; int[]: LIST of INT or one INT;
   *   float: FLOAT or INT; bool: BOOL; str: STRING; Device: STRING ("cpu", "cuda:0");
   *   Generator?: NONE, which stands for the calling instance's own stream (ext/rng.h); an error on
   *   other threads than the fit thread.
   * Arguments are borrowed. Results: up to `result_capacity` values are written, each owned by the
   * caller as in value.h, and *out_result_count says how many the operator gave. An operator that
   * works in place returns its tensor again: release it too. [any thread] */
  int32_t (*call)(const knack_operator_t* op, const knack_value_t* arguments_borrowed,
                  uint64_t argument_count, knack_value_t* out_results_owned, uint64_t result_capacity,
                  uint64_t* out_result_count);

  /* The text of this thread's last failed call of this table; valid until the next call.
   * [any thread] */
  knack_string_t (*last_error)(void);
} knack_aten_api_t;

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * Values: what crosses the ABI besides plain numbers.
 *
 * A batch's inputs and targets, a model's outputs, options, metrics and saved state are all trees
 * of `knack_value_t`. Classification needs one tensor; masks, ragged boxes, feature pyramids,
 * auxiliary heads and a teacher's outputs need lists and maps, and fit without another ABI.
 *
 * The structs of this header are array elements and are frozen: they carry no struct_size and never
 * grow. A new kind of value gets a new tag; a reader refuses tags it does not know. */
#ifndef KNACK_ABI_VALUE_H
#define KNACK_ABI_VALUE_H

#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A reference-counted tensor. The object behind the handle is LibTorch's `at::Tensor`, in every
 * tier. A `_borrowed` handle is valid until the call it came with returns, unless its declaration
 * says longer. An `_owned` handle is one reference that the receiver releases (ext/tensor.h). */
typedef struct knack_tensor knack_tensor_t;

/* UTF-8 text, not terminated by a zero byte. `data` may be NULL when `size` is 0. */
typedef struct knack_string {
  const char* data;
  uint64_t size; /* bytes */
} knack_string_t;

#define KNACK_VALUE_NONE 0
#define KNACK_VALUE_BOOL 1   /* as.i64 is 0 or 1 */
#define KNACK_VALUE_INT 2    /* as.i64 */
#define KNACK_VALUE_FLOAT 3  /* as.f64 */
#define KNACK_VALUE_STRING 4 /* as.string, `count` bytes of UTF-8 */
#define KNACK_VALUE_TENSOR 5 /* as.tensor */
#define KNACK_VALUE_LIST 6   /* as.items, `count` elements */
#define KNACK_VALUE_MAP 7    /* as.entries, `count` elements, names unique */

struct knack_named_value;

/* One node of a value tree.
 *
 * Borrowed trees (parameters named `_borrowed`) belong to the caller and die when the call returns.
 * Owned trees (`_owned`, always written by the callee): every tensor in them is an owned handle
 * that passes to the receiver; lists, maps, strings and names lie in memory from
 * `knack_host_t::allocate` or in memory that outlives the plugin instance. */
typedef struct knack_value {
  uint32_t tag; /* KNACK_VALUE_* */
  uint32_t reserved; /* 0; anything else is refused */
  uint64_t count;
  union {
    int64_t i64;
    double f64;
    const char* string;
    knack_tensor_t* tensor;
    const struct knack_value* items;
    const struct knack_named_value* entries;
  } as;
} knack_value_t;

/* An entry of a KNACK_VALUE_MAP. */
typedef struct knack_named_value {
  knack_string_t name;
  knack_value_t value;
} knack_named_value_t;

/* Element types of tensors; the numbers are those of c10::ScalarType. */
#define KNACK_DTYPE_UINT8 0
#define KNACK_DTYPE_INT8 1
#define KNACK_DTYPE_INT16 2
#define KNACK_DTYPE_INT32 3
#define KNACK_DTYPE_INT64 4
#define KNACK_DTYPE_FLOAT16 5
#define KNACK_DTYPE_FLOAT32 6
#define KNACK_DTYPE_FLOAT64 7
#define KNACK_DTYPE_BOOL 11
#define KNACK_DTYPE_BFLOAT16 15

/* True when the struct behind `pointer`, as filled by the other side, reaches past `field`. The
 * only legal test before a field that is younger than minor 0 is read: sizes are never compared for
 * equality. */
#define KNACK_HAS(pointer, type, field) \
  ((pointer)->struct_size >= offsetof(type, field) + sizeof((pointer)->field))

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * knack.tensor/1: what a tensor is, its memory, and its references. */
#ifndef KNACK_ABI_EXT_TENSOR_H
#define KNACK_ABI_EXT_TENSOR_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_TENSOR "knack.tensor/1"

#define KNACK_TENSOR_REQUIRES_GRAD 1u
#define KNACK_TENSOR_CONTIGUOUS 2u /* row-major without gaps */

#define KNACK_DEVICE_CPU 0 /* device types; the numbers are those of c10::DeviceType */
#define KNACK_DEVICE_CUDA 1

/* Borrowed pointers are valid while the handle is and until an operation resizes the tensor. */
typedef struct knack_tensor_info {
  uint32_t struct_size; /* in: room, set by the caller; out: filled */
  uint32_t flags;       /* KNACK_TENSOR_* */
  int32_t dtype;        /* KNACK_DTYPE_*, or another number of c10::ScalarType */
  int32_t device_type;  /* KNACK_DEVICE_* */
  int32_t device_index; /* -1 on the CPU */
  int32_t dimensions;
  int64_t element_count;
  const int64_t* sizes_borrowed;
  const int64_t* strides_borrowed; /* in elements */
  void* data_borrowed;             /* first element; dereferenced only on the CPU */
} knack_tensor_info_t;

typedef struct knack_tensor_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* [any thread] */
  int32_t (*describe)(knack_tensor_t* tensor_borrowed, knack_tensor_info_t* out_info);

  /* A new row-major CPU tensor; its elements are not initialized. `sizes` are >= 0 and their
   * product times the element size is at most 2^40 bytes. [any thread] */
  int32_t (*create)(int32_t dtype, int32_t dimensions, const int64_t* sizes,
                    knack_tensor_t** out_tensor_owned);

  /* Another reference to the same tensor: a copy of the handle, not of the elements. [any thread]
   * */
  int32_t (*retain)(knack_tensor_t* tensor_borrowed, knack_tensor_t** out_tensor_owned);

  /* Gives one reference back. NULL is allowed. [any thread] */
  void (*release)(knack_tensor_t* tensor_owned);
} knack_tensor_api_t;

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * knack.dlpack/1: tensors of other libraries as handles, and handles for other libraries, without a
 * copy. Since ABI 1.1.
 *
 * The structs are those of DLPack 1 (github.com/dmlc/dlpack, dlpack.h) under names of this header,
 * laid out alike: a `DLManagedTensorVersioned*` is cast to a `knack_dl_managed_t*`. They are
 * frozen and carry no struct_size. */
#ifndef KNACK_ABI_EXT_DLPACK_H
#define KNACK_ABI_EXT_DLPACK_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_DLPACK "knack.dlpack/1"

#define KNACK_DL_MAJOR 1

#define KNACK_DL_CPU 1 /* device types */
#define KNACK_DL_CUDA 2

#define KNACK_DL_INT 0 /* codes of element types */
#define KNACK_DL_UINT 1
#define KNACK_DL_FLOAT 2
#define KNACK_DL_BFLOAT 4
#define KNACK_DL_BOOL 6

#define KNACK_DL_READ_ONLY 1u /* `flags` of knack_dl_managed_t */
#define KNACK_DL_COPIED 2u

/* DLPackVersion */
typedef struct knack_dl_version {
  uint32_t major;
  uint32_t minor;
} knack_dl_version_t;

/* DLDevice */
typedef struct knack_dl_device {
  int32_t device_type;
  int32_t device_id;
} knack_dl_device_t;

/* DLDataType */
typedef struct knack_dl_data_type {
  uint8_t code;
  uint8_t bits;
  uint16_t lanes; /* 1 */
} knack_dl_data_type_t;

/* DLTensor */
typedef struct knack_dl_tensor {
  void* data;
  knack_dl_device_t device;
  int32_t ndim;
  knack_dl_data_type_t dtype;
  int64_t* shape;
  int64_t* strides; /* in elements; NULL: row-major without gaps */
  uint64_t byte_offset;
} knack_dl_tensor_t;

/* DLManagedTensorVersioned */
typedef struct knack_dl_managed {
  knack_dl_version_t version;
  void* manager_ctx; /* the producer's own */
  void (*deleter)(struct knack_dl_managed* self); /* called once by who holds it; may be NULL */
  uint64_t flags;                                 /* KNACK_DL_* */
  knack_dl_tensor_t dl_tensor;
} knack_dl_managed_t;

/* DLManagedTensor, as exchanged before DLPack 1 */
typedef struct knack_dl_managed_unversioned {
  knack_dl_tensor_t dl_tensor;
  void* manager_ctx;
  void (*deleter)(struct knack_dl_managed_unversioned* self);
} knack_dl_managed_unversioned_t;

/* Exported structs keep the tensor's memory alive until their deleter is called, on any thread, at
 * any time. Refused: a tensor that requires a gradient (detach it first) and layouts but strided.
 *
 * An imported struct is the host's on success: its deleter is called once, on any thread, when the
 * last tensor that shares the memory is gone. On failure it stays the caller's. Refused: another
 * major than KNACK_DL_MAJOR, read-only memory, element types without a KNACK_DTYPE_*, more than one
 * lane, more than 64 dimensions, negative sizes or strides, more than 2^40 bytes, memory that is
 * NULL or not aligned to the element, devices that the host has not. */
typedef struct knack_dlpack_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* [any thread] */
  int32_t (*export_tensor)(knack_tensor_t* tensor_borrowed, knack_dl_managed_t** out_managed_owned);
  int32_t (*import_tensor)(knack_dl_managed_t* managed_owned, knack_tensor_t** out_tensor_owned);
  int32_t (*export_unversioned)(knack_tensor_t* tensor_borrowed,
                                knack_dl_managed_unversioned_t** out_managed_owned);
  int32_t (*import_unversioned)(knack_dl_managed_unversioned_t* managed_owned,
                                knack_tensor_t** out_tensor_owned);
} knack_dlpack_api_t;

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT */
#include "frozen.h"

knack_string_t frozen_text(const char* characters) {
  const knack_string_t text = {characters, strlen(characters)};
  return text;
}

int32_t frozen_fail(const knack_host_t* host, const char* message) {
  return host->set_error(host, KNACK_STATUS_FAILED, frozen_text(message));
}

int frozen_is(knack_string_t name, const char* expected) {
  return name.size == strlen(expected) && memcmp(name.data, expected, name.size) == 0;
}

knack_value_t frozen_tensor(knack_tensor_t* tensor) {
  const knack_value_t value = {.tag = KNACK_VALUE_TENSOR, .as.tensor = tensor};
  return value;
}

knack_value_t frozen_number(double number) {
  const knack_value_t value = {.tag = KNACK_VALUE_FLOAT, .as.f64 = number};
  return value;
}

void frozen_destroy(knack_instance_t* instance) {
  free(instance);
}

int32_t frozen_call(const knack_host_t* host, const char* name, const char* overload,
                    const knack_value_t* arguments, uint64_t count, knack_tensor_t** out_owned) {
  const knack_aten_api_t* aten = host->get_extension(host, KNACK_EXT_ATEN);
  const knack_tensor_api_t* tensors = host->get_extension(host, KNACK_EXT_TENSOR);
  MUST(host, aten != NULL && tensors != NULL);
  const knack_operator_t* op = NULL;
  knack_value_t result = {0};
  uint64_t result_count = 0;
  int32_t status = aten->find(name, overload, &op);
  if (status == KNACK_STATUS_OK) {
    status = aten->call(op, arguments, count, &result, 1, &result_count);
  }
  if (status != KNACK_STATUS_OK) return host->set_error(host, status, aten->last_error());
  MUST(host, result_count == 1 && result.tag == KNACK_VALUE_TENSOR);
  if (out_owned != NULL) {
    *out_owned = result.as.tensor;
  } else {
    tensors->release(result.as.tensor);
  }
  return KNACK_STATUS_OK;
}

int32_t frozen_filled(const knack_host_t* host, int64_t rows, int64_t columns, float value,
                      knack_tensor_t** out_owned) {
  const knack_tensor_api_t* tensors = host->get_extension(host, KNACK_EXT_TENSOR);
  MUST(host, tensors != NULL);
  const int64_t sizes[2] = {rows, columns};
  const int32_t status =
      tensors->create(KNACK_DTYPE_FLOAT32, columns == 0 ? 1 : 2, sizes, out_owned);
  if (status != KNACK_STATUS_OK) return status;
  knack_tensor_info_t info = {.struct_size = sizeof(info)};
  MUST(host, tensors->describe(*out_owned, &info) == KNACK_STATUS_OK);
  MUST(host, info.struct_size == sizeof(info) && info.device_type == KNACK_DEVICE_CPU);
  MUST(host, info.flags == KNACK_TENSOR_CONTIGUOUS && info.dtype == KNACK_DTYPE_FLOAT32);
  MUST(host, info.sizes_borrowed[0] == rows && info.strides_borrowed[info.dimensions - 1] == 1);
  float* elements = info.data_borrowed;
  for (int64_t i = 0; i < info.element_count; ++i) elements[i] = value;
  return KNACK_STATUS_OK;
}

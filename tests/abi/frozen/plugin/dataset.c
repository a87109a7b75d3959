/* SPDX-License-Identifier: MIT
 *
 * Two classes of points in the plane that a line separates. */
#include "frozen.h"

enum { kLength = 96 };

typedef struct dataset {
  knack_dataset_t base;
  const knack_host_t* host;
} dataset_t;

static int32_t length(knack_dataset_t* base, int64_t* out_length) {
  (void)base;
  *out_length = kLength;
  return KNACK_STATUS_OK;
}

static int32_t describe(knack_dataset_t* base, knack_value_t* out_facts_owned) {
  const knack_host_t* host = ((dataset_t*)base)->host;
  knack_named_value_t* entry = host->allocate(host, sizeof(*entry));
  if (entry == NULL) return KNACK_STATUS_NO_MEMORY;
  const knack_value_t classes = {.tag = KNACK_VALUE_INT, .as.i64 = 2};
  const knack_value_t facts = {.tag = KNACK_VALUE_MAP, .count = 1, .as.entries = entry};
  entry->name = frozen_text("num_classes");
  entry->value = classes;
  *out_facts_owned = facts;
  return KNACK_STATUS_OK;
}

static int32_t batch(knack_dataset_t* base, const knack_batch_request_t* request,
                     knack_value_t* out_inputs_owned, knack_value_t* out_targets_owned) {
  const knack_host_t* host = ((dataset_t*)base)->host;
  const knack_tensor_api_t* tensors = host->get_extension(host, KNACK_EXT_TENSOR);
  MUST(host, request->struct_size >= sizeof(*request) && request->count >= 1);
  knack_tensor_t* inputs = NULL;
  knack_tensor_t* targets = NULL;
  int32_t status = frozen_filled(host, request->count, 2, 0, &inputs);
  if (status == KNACK_STATUS_OK) {
    status = tensors->create(KNACK_DTYPE_INT64, 1, &request->count, &targets);
  }
  if (status != KNACK_STATUS_OK) return status;
  knack_tensor_info_t points = {.struct_size = sizeof(points)};
  knack_tensor_info_t classes = {.struct_size = sizeof(classes)};
  MUST(host, tensors->describe(inputs, &points) == KNACK_STATUS_OK);
  MUST(host, tensors->describe(targets, &classes) == KNACK_STATUS_OK);
  for (int64_t i = 0; i < request->count; ++i) {
    const int64_t index = request->indices_borrowed[i];
    const float noise = (float)(index * 37 % kLength) / kLength;
    ((int64_t*)classes.data_borrowed)[i] = index % 2;
    ((float*)points.data_borrowed)[2 * i] = (index % 2 ? 1.0f : -1.0f) + noise;
    ((float*)points.data_borrowed)[2 * i + 1] = noise;
  }
  *out_inputs_owned = frozen_tensor(inputs);
  *out_targets_owned = frozen_tensor(targets);
  return KNACK_STATUS_OK;
}

int32_t frozen_create_dataset(const knack_host_t* host, knack_instance_t** out_instance) {
  dataset_t* self = calloc(1, sizeof(*self));
  if (self == NULL) return KNACK_STATUS_NO_MEMORY;
  self->base.head.struct_size = sizeof(self->base);
  self->base.head.flags = KNACK_INSTANCE_REENTRANT;
  self->base.head.self = self;
  self->base.head.destroy = frozen_destroy;
  self->base.length = length;
  self->base.describe = describe;
  self->base.batch = batch;
  self->host = host;
  *out_instance = &self->base.head;
  return KNACK_STATUS_OK;
}

/* SPDX-License-Identifier: MIT
 * Points on two spirals, one a class. */
#include <knack/c/plugin.h>
#include <math.h>

typedef struct @TYPE@ {
  knack_dataset_t abi;
  knack_c_host_t c;
  int64_t samples;
} @TYPE@;

static int32_t length(knack_dataset_t* dataset, int64_t* out_length) {
  *out_length = ((const @TYPE@*)dataset)->samples;
  return KNACK_STATUS_OK;
}

static int32_t draw(const @TYPE@* self, const knack_batch_request_t* request,
                    knack_tensor_t* points, knack_tensor_t* labels) {
  void *xy = NULL, *arms = NULL;
  KNACK_C_TRY(knack_c_elements(&self->c, points, KNACK_DTYPE_FLOAT32, &xy));
  KNACK_C_TRY(knack_c_elements(&self->c, labels, KNACK_DTYPE_INT64, &arms));
  for (int64_t i = 0; i < request->count; ++i) {
    const int64_t sample = request->indices_borrowed[i];
    const float radius = (float)sample / (float)self->samples;
    const float angle = 6 * radius + 3.1416F * (float)(sample % 2);
    ((float*)xy)[2 * i] = radius * cosf(angle);
    ((float*)xy)[2 * i + 1] = radius * sinf(angle);
    ((int64_t*)arms)[i] = sample % 2;
  }
  return KNACK_STATUS_OK;
}

static int32_t batch(knack_dataset_t* dataset, const knack_batch_request_t* request,
                     knack_value_t* out_inputs, knack_value_t* out_targets) {
  const @TYPE@* self = (const @TYPE@*)dataset;
  const int64_t sizes[2] = {request->count, 2};
  knack_tensor_t *points = NULL, *labels = NULL;
  int32_t status = self->c.tensors->create(KNACK_DTYPE_FLOAT32, 2, sizes, &points);
  if (status == KNACK_STATUS_OK) {
    status = self->c.tensors->create(KNACK_DTYPE_INT64, 1, sizes, &labels);
  }
  if (status == KNACK_STATUS_OK) status = draw(self, request, points, labels);
  if (status != KNACK_STATUS_OK) {
    knack_c_release(&self->c, points);
    knack_c_release(&self->c, labels);
    return status;
  }
  *out_inputs = knack_of_tensor(points);
  *out_targets = knack_of_tensor(labels);
  return KNACK_STATUS_OK;
}

static int32_t open_dataset(@TYPE@* self, const knack_value_t* options) {
  self->abi.head.flags =
      KNACK_INSTANCE_REENTRANT; /* batch() changes nothing: any thread may call */
  self->abi.length = length;
  self->abi.batch = batch;
  self->samples = (int64_t)knack_number(options, "samples", 512);
  return KNACK_STATUS_OK;
}

static void close_dataset(@TYPE@* self) {
  (void)self; /* holds nothing */
}

KNACK_C_PLUGIN("0.1.0", KNACK_KIND_DATASET, "@ID@", "Points on two spirals",
               KNACK_JSON({"type": "object", "additionalProperties": false, "properties": {
                 "samples": {"type": "integer", "minimum": 2, "default": 512,
                             "description": "Number of points"}}}),
               @TYPE@, open_dataset, close_dataset)

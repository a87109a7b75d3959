/* SPDX-License-Identifier: MIT
 *
 * Cross entropy; as metrics its mean and the number of batches that were measured. */
#include "frozen.h"

typedef struct objective {
  knack_objective_t base;
  const knack_host_t* host;
  int64_t batches;
  double loss_sum;
  double weight_sum;
} objective_t;

static const knack_tensor_api_t* tensors_of(const knack_host_t* host) {
  return host->get_extension(host, KNACK_EXT_TENSOR);
}

static int32_t loss(knack_objective_t* base, const knack_value_t* outputs,
                    const knack_value_t* targets, knack_tensor_t** out_loss_owned) {
  const knack_value_t arguments[2] = {*outputs, *targets};
  return frozen_call(((objective_t*)base)->host, "aten::cross_entropy_loss", "", arguments, 2,
                     out_loss_owned);
}

static int32_t weight(knack_objective_t* base, const knack_value_t* targets, double* out_weight) {
  const knack_host_t* host = ((objective_t*)base)->host;
  knack_tensor_info_t info = {.struct_size = sizeof(info)};
  MUST(host, targets->tag == KNACK_VALUE_TENSOR);
  MUST(host, tensors_of(host)->describe(targets->as.tensor, &info) == KNACK_STATUS_OK);
  *out_weight = (double)info.element_count;
  return KNACK_STATUS_OK;
}

static int32_t metrics_begin(knack_objective_t* base) {
  objective_t* self = (objective_t*)base;
  self->batches = 0;
  self->loss_sum = 0;
  self->weight_sum = 0;
  return KNACK_STATUS_OK;
}

static int32_t metrics_update(knack_objective_t* base, const knack_value_t* outputs,
                              const knack_value_t* targets) {
  objective_t* self = (objective_t*)base;
  knack_tensor_t* mean = NULL;
  double samples = 0;
  int32_t status = loss(base, outputs, targets, &mean);
  if (status == KNACK_STATUS_OK) status = weight(base, targets, &samples);
  if (status != KNACK_STATUS_OK) return status;
  knack_tensor_info_t info = {.struct_size = sizeof(info)};
  MUST(self->host, tensors_of(self->host)->describe(mean, &info) == KNACK_STATUS_OK);
  MUST(self->host, info.dimensions == 0 && info.dtype == KNACK_DTYPE_FLOAT32);
  self->loss_sum += samples * *(const float*)info.data_borrowed;
  self->weight_sum += samples;
  self->batches += 1;
  tensors_of(self->host)->release(mean);
  return KNACK_STATUS_OK;
}

static int32_t metrics_result(knack_objective_t* base, knack_value_t* out_metrics_owned) {
  const objective_t* self = (const objective_t*)base;
  knack_named_value_t* entries = self->host->allocate(self->host, 2 * sizeof(*entries));
  if (entries == NULL) return KNACK_STATUS_NO_MEMORY;
  const knack_value_t metrics = {.tag = KNACK_VALUE_MAP, .count = 2, .as.entries = entries};
  entries[0].name = frozen_text("loss");
  entries[0].value = frozen_number(self->loss_sum / self->weight_sum);
  entries[1].name = frozen_text("batches");
  entries[1].value = frozen_number((double)self->batches);
  *out_metrics_owned = metrics;
  return KNACK_STATUS_OK;
}

int32_t frozen_create_objective(const knack_host_t* host, knack_instance_t** out_instance) {
  objective_t* self = calloc(1, sizeof(*self));
  if (self == NULL) return KNACK_STATUS_NO_MEMORY;
  const knack_objective_t base = {
      .head = {.struct_size = sizeof(base), .self = self, .destroy = frozen_destroy},
      .loss = loss,
      .weight = weight,
      .metrics_begin = metrics_begin,
      .metrics_update = metrics_update,
      .metrics_result = metrics_result,
  };
  self->base = base;
  self->host = host;
  *out_instance = &self->base.head;
  return KNACK_STATUS_OK;
}

/* SPDX-License-Identifier: MIT
 *
 * BatchNorm1d, then a linear layer. */
#include "frozen.h"

enum { kFeatures = 2, kClasses = 2, kTensors = 6, kParameters = 4 };

typedef struct place {
  const char* name;
  const char* role;
  const char* owner_kind;
} place_t;

static const place_t places[kTensors] = {
    {"norm.weight", KNACK_ROLE_NORM_SCALE, "BatchNorm1d"},
    {"norm.bias", KNACK_ROLE_NORM_SHIFT, "BatchNorm1d"},
    {"fc.weight", KNACK_ROLE_WEIGHT, "Linear"},
    {"fc.bias", KNACK_ROLE_BIAS, "Linear"},
    {"norm.running_mean", KNACK_ROLE_NORM_STAT, "BatchNorm1d"},
    {"norm.running_var", KNACK_ROLE_NORM_STAT, "BatchNorm1d"},
};

typedef struct model {
  knack_model_t base;
  const knack_host_t* host;
  knack_tensor_t* tensors[kTensors];
  uint32_t training;
  uint32_t norm_training;
  double momentum;
} model_t;

static int32_t set_training(knack_model_t* base, uint32_t training) {
  model_t* self = (model_t*)base;
  self->training = training;
  self->norm_training = training;
  return KNACK_STATUS_OK;
}

static int32_t forward(knack_model_t* base, const knack_value_t* inputs,
                       knack_value_t* out_outputs_owned) {
  model_t* self = (model_t*)base;
  MUST(self->host, inputs->tag == KNACK_VALUE_TENSOR);
  const knack_value_t norm[9] = {
      *inputs,
      frozen_tensor(self->tensors[0]),
      frozen_tensor(self->tensors[1]),
      frozen_tensor(self->tensors[4]),
      frozen_tensor(self->tensors[5]),
      {.tag = KNACK_VALUE_BOOL, .as.i64 = self->norm_training},
      frozen_number(self->momentum),
      frozen_number(1e-5),
      {.tag = KNACK_VALUE_BOOL, .as.i64 = 0},
  };
  knack_tensor_t* hidden = NULL;
  knack_tensor_t* outputs = NULL;
  int32_t status = frozen_call(self->host, "aten::batch_norm", "", norm, 9, &hidden);
  if (status != KNACK_STATUS_OK) return status;
  const knack_value_t linear[3] = {frozen_tensor(hidden), frozen_tensor(self->tensors[2]),
                                   frozen_tensor(self->tensors[3])};
  status = frozen_call(self->host, "aten::linear", "", linear, 3, &outputs);
  const knack_tensor_api_t* tensors = self->host->get_extension(self->host, KNACK_EXT_TENSOR);
  tensors->release(hidden);
  *out_outputs_owned = frozen_tensor(outputs);
  return status;
}

static int64_t tensor_count(knack_model_t* base) {
  (void)base;
  return kTensors;
}

static int32_t get_tensor(knack_model_t* base, int64_t index, knack_model_tensor_t* out_tensor) {
  const model_t* self = (const model_t*)base;
  MUST(self->host,
       index >= 0 && index < kTensors && out_tensor->struct_size >= sizeof(*out_tensor));
  const place_t place = places[index];
  const knack_model_tensor_t tensor = {sizeof(tensor),
                                       index < kParameters ? 0 : KNACK_MODEL_TENSOR_BUFFER,
                                       frozen_text(place.name),
                                       frozen_text(place.role),
                                       frozen_text(place.owner_kind),
                                       self->tensors[index]};
  *out_tensor = tensor;
  return KNACK_STATUS_OK;
}

static int64_t norm_layer_count(knack_model_t* base) {
  (void)base;
  return 1;
}

static int32_t get_norm_layer(knack_model_t* base, int64_t index, knack_norm_layer_t* out_layer) {
  const model_t* self = (const model_t*)base;
  MUST(self->host, index == 0 && out_layer->struct_size >= sizeof(*out_layer));
  const knack_norm_layer_t layer = {
      sizeof(layer), self->norm_training, frozen_text("norm"), frozen_text("BatchNorm1d"),
      kFeatures,     self->momentum,      self->tensors[4],    self->tensors[5],
      NULL};
  *out_layer = layer;
  return KNACK_STATUS_OK;
}

static int32_t set_norm_training(knack_model_t* base, int64_t index, uint32_t training) {
  model_t* self = (model_t*)base;
  MUST(self->host, index == 0);
  self->norm_training = training;
  return KNACK_STATUS_OK;
}

static int32_t set_norm_momentum(knack_model_t* base, int64_t index, double momentum) {
  model_t* self = (model_t*)base;
  MUST(self->host, index == 0);
  self->momentum = momentum;
  return KNACK_STATUS_OK;
}

static void destroy(knack_instance_t* instance) {
  model_t* self = (model_t*)instance;
  const knack_tensor_api_t* tensors = self->host->get_extension(self->host, KNACK_EXT_TENSOR);
  for (int i = 0; i < kTensors; ++i) tensors->release(self->tensors[i]);
  free(self);
}

static int32_t make_tensors(model_t* self) {
  const float values[kTensors] = {1, 0, 0.1f, 0, 0, 1};
  for (int i = 0; i < kTensors; ++i) {
    const int is_matrix = i == 2;
    int32_t status = frozen_filled(self->host, kFeatures, is_matrix ? kClasses : 0, values[i],
                                   &self->tensors[i]);
    if (status == KNACK_STATUS_OK && i < kParameters) {
      const knack_value_t tensor = frozen_tensor(self->tensors[i]);
      status = frozen_call(self->host, "aten::requires_grad_", "", &tensor, 1, NULL);
    }
    if (status != KNACK_STATUS_OK) return status;
  }
  return KNACK_STATUS_OK;
}

int32_t frozen_create_model(const knack_host_t* host, knack_instance_t** out_instance) {
  model_t* self = calloc(1, sizeof(*self));
  if (self == NULL) return KNACK_STATUS_NO_MEMORY;
  const knack_model_t base = {
      .head = {.struct_size = sizeof(base), .self = self, .destroy = destroy},
      .set_training = set_training,
      .forward = forward,
      .tensor_count = tensor_count,
      .get_tensor = get_tensor,
      .norm_layer_count = norm_layer_count,
      .get_norm_layer = get_norm_layer,
      .set_norm_training = set_norm_training,
      .set_norm_momentum = set_norm_momentum,
  };
  self->base = base;
  self->host = host;
  self->momentum = 0.1;
  const int32_t status = make_tensors(self);
  if (status != KNACK_STATUS_OK) {
    destroy(&self->base.head);
    return status;
  }
  *out_instance = &self->base.head;
  return KNACK_STATUS_OK;
}

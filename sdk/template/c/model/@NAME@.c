/* SPDX-License-Identifier: MIT
 * A linear classifier of all pixels, also known as softmax regression. */
#include <knack/c/plugin.h>

typedef struct @TYPE@ {
  knack_model_t abi;
  knack_c_host_t c;
  const knack_operator_t *flatten, *linear;
  knack_tensor_t *weight, *bias;
} @TYPE@;

static int32_t set_training(knack_model_t* model, uint32_t training) {
  (void)model, (void)training; /* works the same in training and in evaluation */
  return KNACK_STATUS_OK;
}

static int32_t forward(knack_model_t* model, const knack_value_t* inputs, knack_value_t* out) {
  const @TYPE@* self = (const @TYPE@*)model;
  knack_tensor_t *features = NULL, *scores = NULL;
  KNACK_C_TRY(KNACK_C_CALL(&self->c, self->flatten, &features, *inputs, knack_of_int(1)));
  const int32_t status = KNACK_C_CALL(&self->c, self->linear, &scores, knack_of_tensor(features),
                                      knack_of_tensor(self->weight), knack_of_tensor(self->bias));
  knack_c_release(&self->c, features);
  *out = knack_of_tensor(scores);
  return status;
}

static int64_t tensor_count(knack_model_t* model) {
  (void)model;
  return 2;
}

static int32_t get_tensor(knack_model_t* model, int64_t index, knack_model_tensor_t* out) {
  const @TYPE@* self = (const @TYPE@*)model;
  out->flags = 0;
  out->name = knack_text(index == 0 ? "weight" : "bias");
  out->role = knack_text(index == 0 ? KNACK_ROLE_WEIGHT : KNACK_ROLE_BIAS);
  out->owner_kind = knack_text("Linear");
  out->tensor_borrowed = index == 0 ? self->weight : self->bias;
  return KNACK_STATUS_OK;
}

/* A parameter of zeros. */
static int32_t make(@TYPE@* self, int32_t dimensions, const int64_t* sizes, knack_tensor_t** out) {
  const knack_operator_t *zero = NULL, *require = NULL;
  KNACK_C_TRY(knack_c_find(&self->c, "aten::zero_", "", &zero));
  KNACK_C_TRY(knack_c_find(&self->c, "aten::requires_grad_", "", &require));
  KNACK_C_TRY(self->c.tensors->create(KNACK_DTYPE_FLOAT32, dimensions, sizes, out));
  KNACK_C_TRY(KNACK_C_CALL(&self->c, zero, NULL, knack_of_tensor(*out)));
  return KNACK_C_CALL(&self->c, require, NULL, knack_of_tensor(*out));
}

static int32_t open_model(@TYPE@* self, const knack_value_t* options) {
  self->abi.set_training = set_training;
  self->abi.forward = forward;
  self->abi.tensor_count = tensor_count;
  self->abi.get_tensor = get_tensor;
  KNACK_C_TRY(knack_c_find(&self->c, "aten::flatten", "using_ints", &self->flatten));
  KNACK_C_TRY(knack_c_find(&self->c, "aten::linear", "", &self->linear));
  const int64_t sizes[2] = {(int64_t)knack_number(options, "num_classes", 10),
                            (int64_t)knack_number(options, "in_features", 3072)};
  KNACK_C_TRY(make(self, 2, sizes, &self->weight));
  return make(self, 1, sizes, &self->bias);
}

static void close_model(@TYPE@* self) {
  knack_c_release(&self->c, self->weight);
  knack_c_release(&self->c, self->bias);
}

KNACK_C_PLUGIN("0.1.0", KNACK_KIND_MODEL, "@ID@", "Linear classifier",
               KNACK_JSON({"type": "object", "additionalProperties": false, "properties": {
                 "in_features": {"type": "integer", "minimum": 1, "default": 3072,
                                 "description": "Numbers of one sample"},
                 "num_classes": {"type": "integer", "minimum": 1, "default": 10,
                                 "description": "Outputs"}}}),
               @TYPE@, open_model, close_model)

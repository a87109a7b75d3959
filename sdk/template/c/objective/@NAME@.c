/* SPDX-License-Identifier: MIT
 * The squared error between a model's outputs and one for the right class, zero for the others. */
#include <knack/c/plugin.h>

typedef struct @TYPE@ {
  knack_objective_t abi;
  knack_c_host_t c;
  const knack_operator_t *one_hot, *mul, *add, *mse_loss;
  double smoothing;
} @TYPE@;

/* What the outputs should be: the caller's to release. */
static int32_t make_wanted(const @TYPE@* self, const knack_value_t* targets, int64_t classes,
                           knack_tensor_t** out_wanted) {
  knack_tensor_t *right = NULL, *scaled = NULL;
  KNACK_C_TRY(KNACK_C_CALL(&self->c, self->one_hot, &right, *targets, knack_of_int(classes)));
  int32_t status = KNACK_C_CALL(&self->c, self->mul, &scaled, knack_of_tensor(right),
                                knack_of_float(1 - self->smoothing));
  knack_c_release(&self->c, right);
  if (status != KNACK_STATUS_OK) return status;
  status = KNACK_C_CALL(&self->c, self->add, out_wanted, knack_of_tensor(scaled),
                        knack_of_float(self->smoothing / (double)classes));
  knack_c_release(&self->c, scaled);
  return status;
}

static int32_t loss(knack_objective_t* objective, const knack_value_t* outputs,
                    const knack_value_t* targets, knack_tensor_t** out_loss) {
  const @TYPE@* self = (const @TYPE@*)objective;
  if (outputs->tag != KNACK_VALUE_TENSOR || targets->tag != KNACK_VALUE_TENSOR) {
    return knack_fail(self->c.host, KNACK_STATUS_INVALID,
                      "expected one tensor of outputs and targets");
  }
  knack_tensor_info_t scores = {.struct_size = sizeof(scores)};
  KNACK_C_TRY(self->c.tensors->describe(outputs->as.tensor, &scores));
  if (scores.dimensions != 2) {
    return knack_fail(self->c.host, KNACK_STATUS_INVALID, "expected outputs (samples, classes)");
  }
  knack_tensor_t* wanted = NULL;
  KNACK_C_TRY(make_wanted(self, targets, scores.sizes_borrowed[1], &wanted));
  const int32_t status =
      KNACK_C_CALL(&self->c, self->mse_loss, out_loss, *outputs, knack_of_tensor(wanted));
  knack_c_release(&self->c, wanted);
  return status;
}

static int32_t open_objective(@TYPE@* self, const knack_value_t* options) {
  self->abi.loss = loss;
  self->smoothing = knack_number(options, "smoothing", 0);
  KNACK_C_TRY(knack_c_find(&self->c, "aten::one_hot", "", &self->one_hot));
  KNACK_C_TRY(knack_c_find(&self->c, "aten::mul", "Scalar", &self->mul));
  KNACK_C_TRY(knack_c_find(&self->c, "aten::add", "Scalar", &self->add));
  return knack_c_find(&self->c, "aten::mse_loss", "", &self->mse_loss);
}

static void close_objective(@TYPE@* self) {
  (void)self; /* holds nothing */
}

KNACK_C_PLUGIN("0.1.0", KNACK_KIND_OBJECTIVE, "@ID@", "Squared error of classes",
               KNACK_JSON({"type": "object", "additionalProperties": false, "properties": {
                 "smoothing": {"type": "number", "minimum": 0, "maximum": 1, "default": 0,
                               "description": "Share of the target spread over all classes"}}}),
               @TYPE@, open_objective, close_objective)

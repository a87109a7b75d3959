/* SPDX-License-Identifier: MIT
 * Lookahead: every few steps the weights go half of the way back.
 * Zhang et al., arXiv 1907.08610. */
#include <knack/c/plugin.h>

typedef struct @TYPE@ {
  knack_trick_t abi;
  knack_c_host_t c;
  const knack_weights_api_t* weights;
  const knack_operator_t *copy, *lerp;
  knack_weight_set_t *fast, *slow;
  int64_t every;
} @TYPE@;

static int32_t fit_begin(knack_trick_t* trick, knack_hook_context_t* context) {
  @TYPE@* self = (@TYPE@*)trick;
  (void)context;
  KNACK_C_TRY(self->weights->find(self->c.host, knack_text(KNACK_WEIGHTS_LIVE), &self->fast));
  return self->weights->publish(self->c.host, knack_text("@NAME@"), &self->slow);
}

static int32_t look_back(const @TYPE@* self, int64_t index) {
  knack_weight_t fast = {.struct_size = sizeof(fast)}, slow = {.struct_size = sizeof(slow)};
  KNACK_C_TRY(self->weights->get(self->c.host, self->fast, index, &fast));
  KNACK_C_TRY(self->weights->get(self->c.host, self->slow, index, &slow));
  const knack_value_t from = knack_of_tensor(fast.tensor_borrowed);
  const knack_value_t to = knack_of_tensor(slow.tensor_borrowed);
  if (fast.flags & KNACK_WEIGHT_BUFFER) return KNACK_C_CALL(&self->c, self->copy, NULL, to, from);
  KNACK_C_TRY(KNACK_C_CALL(&self->c, self->lerp, NULL, to, from, knack_of_float(0.5)));
  return KNACK_C_CALL(&self->c, self->copy, NULL, from, to);
}

static int32_t after_step(knack_trick_t* trick, knack_hook_context_t* context) {
  const @TYPE@* self = (const @TYPE@*)trick;
  if (!context->stepped || context->step % self->every != 0) return KNACK_STATUS_OK;
  const int64_t count = self->weights->count(self->c.host, self->fast);
  if (count < 0) return KNACK_STATUS_FAILED; /* the host has said why */
  for (int64_t i = 0; i < count; ++i) KNACK_C_TRY(look_back(self, i));
  return KNACK_STATUS_OK;
}

static int32_t open_trick(@TYPE@* self, const knack_value_t* options) {
  self->abi.fit_begin = fit_begin;
  self->abi.after_step = after_step;
  self->every = (int64_t)knack_number(options, "every", 5);
  self->weights = self->c.host->get_extension(self->c.host, KNACK_EXT_WEIGHTS);
  if (self->weights == NULL) {
    return knack_fail(self->c.host, KNACK_STATUS_UNSUPPORTED,
                      "this host has no " KNACK_EXT_WEIGHTS);
  }
  KNACK_C_TRY(knack_c_find(&self->c, "aten::copy_", "", &self->copy));
  return knack_c_find(&self->c, "aten::lerp_", "Scalar", &self->lerp);
}

static void close_trick(@TYPE@* self) {
  (void)self; /* holds nothing */
}

KNACK_C_PLUGIN("0.1.0", KNACK_KIND_TRICK, "@ID@", "Some steps on, half of the way back",
               KNACK_JSON({"type": "object", "additionalProperties": false, "properties": {
                 "every": {"type": "integer", "minimum": 1, "default": 5,
                           "description": "Optimizer steps between two looks"}}}),
               @TYPE@, open_trick, close_trick)

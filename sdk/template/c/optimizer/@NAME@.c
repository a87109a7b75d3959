/* SPDX-License-Identifier: MIT
 * Gradient descent with momentum:
 * velocity = momentum * velocity + gradient, weight -= lr * velocity. */
#include <knack/c/optimizer.h>

enum { LR, MOMENTUM };
static const knack_c_option_t options[] = {{"lr", 0.1}, {"momentum", 0.9}};
enum { MUL, ADD };
static const knack_c_operator_t operators[] = {{"aten::mul_", "Scalar"}, {"aten::add_", "Tensor"}};

static int32_t update(const knack_c_update_t* p) {
  const knack_operator_t *mul = p->operators[MUL], *add = p->operators[ADD];
  const knack_value_t velocity = p->kept[0];
  const knack_value_t momentum = knack_of_float(p->options[MOMENTUM]);
  KNACK_C_TRY(KNACK_C_CALL(p->c, mul, NULL, velocity, momentum));
  KNACK_C_TRY(KNACK_C_CALL(p->c, add, NULL, velocity, p->gradient));
  return KNACK_C_CALL(p->c, add, NULL, p->weight, velocity, knack_of_float(-p->options[LR]));
}

static const knack_c_rule_t rule = {options, 2, operators, 2, 1, update};

KNACK_C_OPTIMIZER("0.1.0", "@ID@", "Gradient descent with momentum",
                  KNACK_JSON({"type": "object", "additionalProperties": false, "properties": {
                    "lr": {"type": "number", "minimum": 0, "default": 0.1,
                           "description": "Learning rate"},
                    "momentum": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.9,
                                 "description": "Share of the velocity that is kept"}}}), rule)

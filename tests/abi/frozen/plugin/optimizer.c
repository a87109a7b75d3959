/* SPDX-License-Identifier: MIT
 *
 * Gradient descent; its state is the number of steps. */
#include "frozen.h"

enum { kMostGroups = 8, kMostParams = 16 };

typedef struct group {
  uint64_t count;
  knack_tensor_t* params[kMostParams];
  double lr;
} group_t;

typedef struct optimizer {
  knack_optimizer_t base;
  const knack_host_t* host;
  double lr;
  int64_t steps;
  uint64_t group_count;
  group_t groups[kMostGroups];
} optimizer_t;

static int32_t add_group(knack_optimizer_t* base, const knack_param_group_t* given) {
  optimizer_t* self = (optimizer_t*)base;
  MUST(self->host, given->struct_size >= sizeof(*given) && given->count <= kMostParams);
  MUST(self->host, self->group_count < kMostGroups && given->names_borrowed[0].size > 0);
  group_t* group = &self->groups[self->group_count];
  group->count = given->count;
  group->lr = self->lr;
  memcpy(group->params, given->params_borrowed, given->count * sizeof(group->params[0]));
  MUST(self->host, given->options_borrowed->tag == KNACK_VALUE_MAP);
  for (uint64_t i = 0; i < given->options_borrowed->count; ++i) {
    const knack_named_value_t* option = &given->options_borrowed->as.entries[i];
    MUST(self->host, frozen_is(option->name, "lr"));
    group->lr = option->value.as.f64;
  }
  self->group_count += 1;
  return KNACK_STATUS_OK;
}

static int32_t step(knack_optimizer_t* base, const knack_optimizer_step_t* given) {
  optimizer_t* self = (optimizer_t*)base;
  MUST(self->host, given->struct_size >= sizeof(*given) && given->group_count == self->group_count);
  for (uint64_t g = 0; g < self->group_count; ++g) {
    const group_t* group = &self->groups[g];
    for (uint64_t i = 0; i < group->count; ++i) {
      knack_tensor_t* gradient = given->gradients_borrowed[g][i];
      if (gradient == NULL) continue;
      const knack_value_t arguments[3] = {frozen_tensor(group->params[i]), frozen_tensor(gradient),
                                          frozen_number(-group->lr)};
      const int32_t status = frozen_call(self->host, "aten::add_", "Tensor", arguments, 3, NULL);
      if (status != KNACK_STATUS_OK) return status;
    }
  }
  self->steps += 1;
  return KNACK_STATUS_OK;
}

static int32_t get_option(knack_optimizer_t* base, uint64_t group, knack_string_t name,
                          double* out_value) {
  const optimizer_t* self = (const optimizer_t*)base;
  MUST(self->host, group < self->group_count && frozen_is(name, "lr"));
  *out_value = self->groups[group].lr;
  return KNACK_STATUS_OK;
}

static int32_t set_option(knack_optimizer_t* base, uint64_t group, knack_string_t name,
                          double value) {
  optimizer_t* self = (optimizer_t*)base;
  MUST(self->host, group < self->group_count && frozen_is(name, "lr"));
  self->groups[group].lr = value;
  return KNACK_STATUS_OK;
}

static int32_t state_save(knack_instance_t* instance, uint32_t* out_version,
                          knack_value_t* out_state_owned) {
  const optimizer_t* self = (const optimizer_t*)instance;
  knack_named_value_t* entry = self->host->allocate(self->host, sizeof(*entry));
  if (entry == NULL) return KNACK_STATUS_NO_MEMORY;
  const knack_value_t steps = {.tag = KNACK_VALUE_INT, .as.i64 = self->steps};
  const knack_value_t state = {.tag = KNACK_VALUE_MAP, .count = 1, .as.entries = entry};
  entry->name = frozen_text("steps");
  entry->value = steps;
  *out_version = 3;
  *out_state_owned = state;
  return KNACK_STATUS_OK;
}

static int32_t state_load(knack_instance_t* instance, uint32_t version,
                          const knack_value_t* state) {
  optimizer_t* self = (optimizer_t*)instance;
  MUST(self->host, version == 3 && state->tag == KNACK_VALUE_MAP && state->count == 1);
  MUST(self->host, frozen_is(state->as.entries[0].name, "steps"));
  self->steps = state->as.entries[0].value.as.i64;
  return KNACK_STATUS_OK;
}

int32_t frozen_create_optimizer(const knack_host_t* host, double lr,
                                knack_instance_t** out_instance) {
  optimizer_t* self = calloc(1, sizeof(*self));
  if (self == NULL) return KNACK_STATUS_NO_MEMORY;
  const knack_optimizer_t base = {
      .head = {.struct_size = sizeof(base),
               .self = self,
               .destroy = frozen_destroy,
               .state_save = state_save,
               .state_load = state_load},
      .add_group = add_group,
      .step = step,
      .get_option = get_option,
      .set_option = set_option,
  };
  self->base = base;
  self->host = host;
  self->lr = lr;
  *out_instance = &self->base.head;
  return KNACK_STATUS_OK;
}

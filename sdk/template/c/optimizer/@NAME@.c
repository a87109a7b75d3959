/* SPDX-License-Identifier: MIT
 * Gradient descent with momentum:
 * velocity = momentum * velocity + gradient, weight -= lr * velocity. */
#include <knack/c/plugin.h>

typedef struct Group {
  double lr, momentum;
  uint64_t count;
  knack_tensor_t** weights; /* the host's */
  knack_value_t* velocities;
} Group;

typedef struct @TYPE@ {
  knack_optimizer_t abi;
  knack_c_host_t c;
  const knack_operator_t *zeros_like, *mul, *add, *copy;
  Group defaults, *groups;
  uint64_t group_count;
} @TYPE@;

static int32_t add_group(knack_optimizer_t* optimizer, const knack_param_group_t* given) {
  @TYPE@* self = (@TYPE@*)optimizer;
  Group* groups = realloc(self->groups, (self->group_count + 1) * sizeof(Group));
  if (groups == NULL) return knack_fail(self->c.host, KNACK_STATUS_NO_MEMORY, "out of memory");
  self->groups = groups;
  Group* group = &groups[self->group_count++];
  *group = (Group){
      .lr = knack_number(given->options_borrowed, "lr", self->defaults.lr),
      .momentum = knack_number(given->options_borrowed, "momentum", self->defaults.momentum),
      .weights = calloc(given->count, sizeof(*group->weights)),
      .velocities = calloc(given->count, sizeof(*group->velocities))};
  if (group->weights == NULL || group->velocities == NULL) {
    return knack_fail(self->c.host, KNACK_STATUS_NO_MEMORY, "out of memory");
  }
  for (uint64_t i = 0; i < given->options_borrowed->count; ++i) {
    const knack_string_t name = given->options_borrowed->as.entries[i].name;
    if (!knack_text_is(name, "lr") && !knack_text_is(name, "momentum")) {
      return knack_fail(self->c.host, KNACK_STATUS_INVALID, "expected options lr and momentum");
    }
  }
  for (; group->count < given->count; ++group->count) {
    knack_tensor_t* weight = given->params_borrowed[group->count];
    knack_tensor_t* velocity = NULL;
    KNACK_C_TRY(KNACK_C_CALL(&self->c, self->zeros_like, &velocity, knack_of_tensor(weight)));
    group->weights[group->count] = weight;
    group->velocities[group->count] = knack_of_tensor(velocity);
  }
  return KNACK_STATUS_OK;
}

static int32_t step(knack_optimizer_t* optimizer, const knack_optimizer_step_t* step) {
  const @TYPE@* self = (const @TYPE@*)optimizer;
  for (uint64_t g = 0; g < self->group_count; ++g) {
    const Group* group = &self->groups[g];
    for (uint64_t i = 0; i < group->count; ++i) {
      if (step->gradients_borrowed[g][i] == NULL) continue;
      const knack_value_t weight = knack_of_tensor(group->weights[i]);
      const knack_value_t velocity = group->velocities[i];
      const knack_value_t gradient = knack_of_tensor(step->gradients_borrowed[g][i]);
      KNACK_C_TRY(
          KNACK_C_CALL(&self->c, self->mul, NULL, velocity, knack_of_float(group->momentum)));
      KNACK_C_TRY(KNACK_C_CALL(&self->c, self->add, NULL, velocity, gradient));
      KNACK_C_TRY(
          KNACK_C_CALL(&self->c, self->add, NULL, weight, velocity, knack_of_float(-group->lr)));
    }
  }
  return KNACK_STATUS_OK;
}

/* The place of an option, or NULL. */
static double* option(@TYPE@* self, uint64_t group, knack_string_t name) {
  if (group >= self->group_count) return NULL;
  if (knack_text_is(name, "lr")) return &self->groups[group].lr;
  return knack_text_is(name, "momentum") ? &self->groups[group].momentum : NULL;
}

static int32_t get_option(knack_optimizer_t* optimizer, uint64_t group, knack_string_t name,
                          double* out) {
  @TYPE@* self = (@TYPE@*)optimizer;
  const double* place = option(self, group, name);
  if (place == NULL)
    return knack_fail(self->c.host, KNACK_STATUS_NOT_FOUND, "expected lr or momentum");
  *out = *place;
  return KNACK_STATUS_OK;
}

static int32_t set_option(knack_optimizer_t* optimizer, uint64_t group, knack_string_t name,
                          double value) {
  @TYPE@* self = (@TYPE@*)optimizer;
  double* place = option(self, group, name);
  if (place == NULL)
    return knack_fail(self->c.host, KNACK_STATUS_NOT_FOUND, "expected lr or momentum");
  *place = value;
  return KNACK_STATUS_OK;
}

/* A list [lr, momentum, velocity, ...] for each group. */
static int32_t save(knack_instance_t* instance, uint32_t* out_version, knack_value_t* out_state) {
  const @TYPE@* self = instance->self;
  const knack_host_t* host = self->c.host;
  knack_named_value_t* entry = host->allocate(host, sizeof(*entry));
  knack_value_t* lists = host->allocate(host, self->group_count * sizeof(*lists));
  if (entry == NULL || lists == NULL)
    return knack_fail(host, KNACK_STATUS_NO_MEMORY, "out of memory");
  for (uint64_t g = 0; g < self->group_count; ++g) {
    const Group* group = &self->groups[g];
    knack_value_t* items = host->allocate(host, (group->count + 2) * sizeof(*items));
    if (items == NULL) return knack_fail(host, KNACK_STATUS_NO_MEMORY, "out of memory");
    items[0] = knack_of_float(group->lr);
    items[1] = knack_of_float(group->momentum);
    for (uint64_t i = 0; i < group->count; ++i) {
      items[2 + i] = knack_of_tensor(NULL);
      KNACK_C_TRY(self->c.tensors->retain(group->velocities[i].as.tensor, &items[2 + i].as.tensor));
    }
    lists[g] =
        (knack_value_t){.tag = KNACK_VALUE_LIST, .count = group->count + 2, .as.items = items};
  }
  entry->name = knack_text("groups");
  entry->value =
      (knack_value_t){.tag = KNACK_VALUE_LIST, .count = self->group_count, .as.items = lists};
  *out_state = (knack_value_t){.tag = KNACK_VALUE_MAP, .count = 1, .as.entries = entry};
  *out_version = 1;
  return KNACK_STATUS_OK;
}

static int32_t load(knack_instance_t* instance, uint32_t version, const knack_value_t* state) {
  @TYPE@* self = instance->self;
  const knack_value_t* lists = knack_find(state, "groups");
  int fits = version == 1 && lists != NULL && lists->tag == KNACK_VALUE_LIST &&
             lists->count == self->group_count;
  for (uint64_t g = 0; fits && g < self->group_count; ++g) {
    const knack_value_t* list = &lists->as.items[g];
    fits = list->tag == KNACK_VALUE_LIST && list->count == self->groups[g].count + 2;
    for (uint64_t i = 0; fits && i < list->count; ++i) {
      fits = list->as.items[i].tag == (i < 2 ? KNACK_VALUE_FLOAT : KNACK_VALUE_TENSOR);
    }
  }
  if (!fits)
    return knack_fail(self->c.host, KNACK_STATUS_INVALID, "the saved state is of other parameters");
  for (uint64_t g = 0; g < self->group_count; ++g) {
    const knack_value_t* items = lists->as.items[g].as.items;
    self->groups[g].lr = items[0].as.f64;
    self->groups[g].momentum = items[1].as.f64;
    for (uint64_t i = 0; i < self->groups[g].count; ++i) {
      KNACK_C_TRY(
          KNACK_C_CALL(&self->c, self->copy, NULL, self->groups[g].velocities[i], items[2 + i]));
    }
  }
  return KNACK_STATUS_OK;
}

static int32_t open_optimizer(@TYPE@* self, const knack_value_t* options) {
  self->abi.head.state_save = save;
  self->abi.head.state_load = load;
  self->abi.add_group = add_group;
  self->abi.step = step;
  self->abi.get_option = get_option;
  self->abi.set_option = set_option;
  self->defaults.lr = knack_number(options, "lr", 0.1);
  self->defaults.momentum = knack_number(options, "momentum", 0.9);
  KNACK_C_TRY(knack_c_find(&self->c, "aten::zeros_like", "", &self->zeros_like));
  KNACK_C_TRY(knack_c_find(&self->c, "aten::mul_", "Scalar", &self->mul));
  KNACK_C_TRY(knack_c_find(&self->c, "aten::add_", "Tensor", &self->add));
  return knack_c_find(&self->c, "aten::copy_", "", &self->copy);
}

static void close_optimizer(@TYPE@* self) {
  for (uint64_t g = 0; g < self->group_count; ++g) {
    Group* group = &self->groups[g];
    for (uint64_t i = 0; i < group->count; ++i)
      knack_c_release(&self->c, group->velocities[i].as.tensor);
    free(group->weights);
    free(group->velocities);
  }
  free(self->groups);
}

KNACK_C_PLUGIN("0.1.0", KNACK_KIND_OPTIMIZER, "@ID@", "Gradient descent with momentum",
               KNACK_JSON({"type": "object", "additionalProperties": false, "properties": {
                 "lr": {"type": "number", "minimum": 0, "default": 0.1,
                        "description": "Learning rate"},
                 "momentum": {"type": "number", "minimum": 0, "maximum": 1, "default": 0.9,
                              "description": "Share of the velocity that is kept"}}}),
               @TYPE@, open_optimizer, close_optimizer)

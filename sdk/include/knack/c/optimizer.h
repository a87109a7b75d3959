/* SPDX-License-Identifier: MIT
 *
 * Optimizers in plain C that treat every parameter by itself. Not part of the ABI: all of it is
 * compiled into the plugin. */
#ifndef KNACK_C_OPTIMIZER_H
#define KNACK_C_OPTIMIZER_H

#include <knack/c/plugin.h>

/* A number among the options, which groups and schedules may change. */
typedef struct knack_c_option {
  const char* name;
  double otherwise; /* its default */
} knack_c_option_t;

typedef struct knack_c_operator {
  const char *name, *overload;
} knack_c_operator_t;

/* A parameter that is to be changed in place; all tensors are borrowed. */
typedef struct knack_c_update {
  const knack_c_host_t* c;
  const knack_operator_t* const* operators; /* in the order of the rule */
  const double* options;                    /* of the parameter's group, in the order of the rule */
  knack_value_t weight, gradient;
  const knack_value_t* kept; /* `kept_count` tensors, zeros like the weight at first */
} knack_c_update_t;

/* What is the optimizer's own. */
typedef struct knack_c_rule {
  const knack_c_option_t* options;
  uint64_t option_count;
  const knack_c_operator_t* operators;
  uint64_t operator_count;
  uint64_t kept_count; /* tensors that are kept, and saved, for each parameter */
  int32_t (*update)(const knack_c_update_t* parameter);
} knack_c_rule_t;

typedef struct knack_c_group {
  uint64_t count;
  double* options;
  knack_value_t* weights; /* the host's */
  knack_value_t* kept;    /* kept_count for each weight */
} knack_c_group_t;

typedef struct knack_c_optimizer {
  knack_optimizer_t abi;
  knack_c_host_t c;
  const knack_c_rule_t* rule;
  const knack_operator_t *zeros_like, *copy, **operators;
  double* defaults;
  knack_c_group_t* groups;
  uint64_t group_count;
} knack_c_optimizer_t;

/* KNACK_C_PLUGIN for such an optimizer; `rule` is a static const knack_c_rule_t. */
#define KNACK_C_OPTIMIZER(version, id, summary, schema, rule)                                 \
  static int32_t knack_c_open_rule(knack_c_optimizer_t* self, const knack_value_t* options) { \
    return knack_c_open_optimizer(self, &(rule), options);                                    \
  }                                                                                           \
  KNACK_C_PLUGIN(version, KNACK_KIND_OPTIMIZER, id, summary, schema, knack_c_optimizer_t,     \
                 knack_c_open_rule, knack_c_close_optimizer)

static inline int32_t knack_c_no_memory(const knack_c_optimizer_t* self) {
  return knack_fail(self->c.host, KNACK_STATUS_NO_MEMORY, "out of memory");
}

/* The number of an option; `option_count` when there is none of that name. */
static inline uint64_t knack_c_option_index(const knack_c_rule_t* rule, knack_string_t name) {
  uint64_t i = 0;
  while (i < rule->option_count && !knack_text_is(name, rule->options[i].name)) ++i;
  return i;
}

static inline int32_t knack_c_add_group(knack_optimizer_t* optimizer,
                                        const knack_param_group_t* given) {
  knack_c_optimizer_t* self = (knack_c_optimizer_t*)optimizer;
  const knack_c_rule_t* rule = self->rule;
  for (uint64_t i = 0; i < given->options_borrowed->count; ++i) {
    const knack_string_t name = given->options_borrowed->as.entries[i].name;
    if (knack_c_option_index(rule, name) == rule->option_count)
      return knack_fail(self->c.host, KNACK_STATUS_INVALID, "a group has an unknown option");
  }
  knack_c_group_t* groups =
      (knack_c_group_t*)realloc(self->groups, (self->group_count + 1) * sizeof(*groups));
  if (groups == NULL) return knack_c_no_memory(self);
  self->groups = groups;
  knack_c_group_t* group = &groups[self->group_count++];
  group->count = given->count;
  group->options = (double*)calloc(rule->option_count + 1, sizeof(double));
  group->weights = (knack_value_t*)calloc(given->count, sizeof(knack_value_t));
  group->kept = (knack_value_t*)calloc(given->count * rule->kept_count + 1, sizeof(knack_value_t));
  if (group->options == NULL || group->weights == NULL || group->kept == NULL) {
    group->count = 0;
    return knack_c_no_memory(self);
  }
  for (uint64_t i = 0; i < rule->option_count; ++i)
    group->options[i] =
        knack_number(given->options_borrowed, rule->options[i].name, self->defaults[i]);
  for (uint64_t i = 0; i < given->count; ++i)
    group->weights[i] = knack_of_tensor(given->params_borrowed[i]);
  for (uint64_t i = 0; i < given->count * rule->kept_count; ++i) {
    knack_tensor_t* zeros = NULL;
    KNACK_C_TRY(
        knack_c_call(&self->c, self->zeros_like, 1, &group->weights[i / rule->kept_count], &zeros));
    group->kept[i] = knack_of_tensor(zeros);
  }
  return KNACK_STATUS_OK;
}

static inline int32_t knack_c_step(knack_optimizer_t* optimizer,
                                   const knack_optimizer_step_t* step) {
  const knack_c_optimizer_t* self = (const knack_c_optimizer_t*)optimizer;
  for (uint64_t g = 0; g < self->group_count; ++g) {
    const knack_c_group_t* group = &self->groups[g];
    for (uint64_t i = 0; i < group->count; ++i) {
      if (step->gradients_borrowed[g][i] == NULL) continue;
      const knack_c_update_t parameter = {
          .c = &self->c,
          .operators = self->operators,
          .options = group->options,
          .weight = group->weights[i],
          .gradient = knack_of_tensor(step->gradients_borrowed[g][i]),
          .kept = &group->kept[i * self->rule->kept_count]};
      KNACK_C_TRY(self->rule->update(&parameter));
    }
  }
  return KNACK_STATUS_OK;
}

/* The place of an option of a group. Fails when there is none. */
static inline int32_t knack_c_option_place(const knack_c_optimizer_t* self, uint64_t group,
                                           knack_string_t name, double** out_place) {
  const uint64_t index = knack_c_option_index(self->rule, name);
  if (group >= self->group_count || index == self->rule->option_count)
    return knack_fail(self->c.host, KNACK_STATUS_NOT_FOUND, "no such option or no such group");
  *out_place = &self->groups[group].options[index];
  return KNACK_STATUS_OK;
}

static inline int32_t knack_c_get_option(knack_optimizer_t* optimizer, uint64_t group,
                                         knack_string_t name, double* out_value) {
  double* place = NULL;
  KNACK_C_TRY(knack_c_option_place((knack_c_optimizer_t*)optimizer, group, name, &place));
  *out_value = *place;
  return KNACK_STATUS_OK;
}

static inline int32_t knack_c_set_option(knack_optimizer_t* optimizer, uint64_t group,
                                         knack_string_t name, double value) {
  double* place = NULL;
  KNACK_C_TRY(knack_c_option_place((knack_c_optimizer_t*)optimizer, group, name, &place));
  *place = value;
  return KNACK_STATUS_OK;
}

/* The options of a group and the tensors kept for it, in one list. */
static inline int32_t knack_c_save_group(const knack_c_optimizer_t* self,
                                         const knack_c_group_t* group, knack_value_t* out_list) {
  const uint64_t options = self->rule->option_count, kept = group->count * self->rule->kept_count;
  knack_value_t* items =
      (knack_value_t*)self->c.host->allocate(self->c.host, (options + kept + 1) * sizeof(*items));
  if (items == NULL) return knack_c_no_memory(self);
  for (uint64_t i = 0; i < options; ++i) items[i] = knack_of_float(group->options[i]);
  for (uint64_t i = 0; i < kept; ++i) {
    items[options + i] = knack_of_tensor(NULL);
    KNACK_C_TRY(self->c.tensors->retain(group->kept[i].as.tensor, &items[options + i].as.tensor));
  }
  out_list->tag = KNACK_VALUE_LIST;
  out_list->count = options + kept;
  out_list->as.items = items;
  return KNACK_STATUS_OK;
}

static inline int32_t knack_c_save_optimizer(knack_instance_t* instance, uint32_t* out_version,
                                             knack_value_t* out_state) {
  const knack_c_optimizer_t* self = (const knack_c_optimizer_t*)instance->self;
  const knack_host_t* host = self->c.host;
  knack_named_value_t* entry = (knack_named_value_t*)host->allocate(host, sizeof(*entry));
  knack_value_t* lists =
      (knack_value_t*)host->allocate(host, (self->group_count + 1) * sizeof(*lists));
  if (entry == NULL || lists == NULL) return knack_c_no_memory(self);
  memset(entry, 0, sizeof(*entry));
  memset(lists, 0, (self->group_count + 1) * sizeof(*lists));
  for (uint64_t g = 0; g < self->group_count; ++g)
    KNACK_C_TRY(knack_c_save_group(self, &self->groups[g], &lists[g]));
  entry->name = knack_text("groups");
  entry->value.tag = KNACK_VALUE_LIST;
  entry->value.count = self->group_count;
  entry->value.as.items = lists;
  out_state->tag = KNACK_VALUE_MAP;
  out_state->count = 1;
  out_state->as.entries = entry;
  *out_version = 1;
  return KNACK_STATUS_OK;
}

static inline int32_t knack_c_load_optimizer(knack_instance_t* instance, uint32_t version,
                                             const knack_value_t* state) {
  knack_c_optimizer_t* self = (knack_c_optimizer_t*)instance->self;
  const uint64_t options = self->rule->option_count;
  const knack_value_t* lists = knack_find(state, "groups");
  int fits = version == 1 && lists != NULL && lists->tag == KNACK_VALUE_LIST &&
             lists->count == self->group_count;
  for (uint64_t g = 0; fits && g < self->group_count; ++g) {
    const knack_value_t* list = &lists->as.items[g];
    fits = list->tag == KNACK_VALUE_LIST &&
           list->count == options + self->groups[g].count * self->rule->kept_count;
    for (uint64_t i = 0; fits && i < list->count; ++i)
      fits = list->as.items[i].tag == (i < options ? KNACK_VALUE_FLOAT : KNACK_VALUE_TENSOR);
  }
  if (!fits)
    return knack_fail(self->c.host, KNACK_STATUS_INVALID, "the saved state is of other parameters");
  for (uint64_t g = 0; g < self->group_count; ++g) {
    const knack_value_t* items = lists->as.items[g].as.items;
    const knack_c_group_t* group = &self->groups[g];
    for (uint64_t i = 0; i < options; ++i) group->options[i] = items[i].as.f64;
    for (uint64_t i = 0; i < group->count * self->rule->kept_count; ++i) {
      const knack_value_t to_and_from[2] = {group->kept[i], items[options + i]};
      KNACK_C_TRY(knack_c_call(&self->c, self->copy, 2, to_and_from, NULL));
    }
  }
  return KNACK_STATUS_OK;
}

static inline int32_t knack_c_open_optimizer(knack_c_optimizer_t* self, const knack_c_rule_t* rule,
                                             const knack_value_t* options) {
  self->rule = rule;
  self->abi.head.state_save = knack_c_save_optimizer;
  self->abi.head.state_load = knack_c_load_optimizer;
  self->abi.add_group = knack_c_add_group;
  self->abi.step = knack_c_step;
  self->abi.get_option = knack_c_get_option;
  self->abi.set_option = knack_c_set_option;
  self->defaults = (double*)calloc(rule->option_count + 1, sizeof(double));
  self->operators =
      (const knack_operator_t**)calloc(rule->operator_count + 1, sizeof(*self->operators));
  if (self->defaults == NULL || self->operators == NULL) return knack_c_no_memory(self);
  for (uint64_t i = 0; i < rule->option_count; ++i)
    self->defaults[i] = knack_number(options, rule->options[i].name, rule->options[i].otherwise);
  for (uint64_t i = 0; i < rule->operator_count; ++i)
    KNACK_C_TRY(knack_c_find(&self->c, rule->operators[i].name, rule->operators[i].overload,
                             &self->operators[i]));
  KNACK_C_TRY(knack_c_find(&self->c, "aten::zeros_like", "", &self->zeros_like));
  return knack_c_find(&self->c, "aten::copy_", "", &self->copy);
}

static inline void knack_c_close_optimizer(knack_c_optimizer_t* self) {
  for (uint64_t g = 0; g < self->group_count; ++g) {
    knack_c_group_t* group = &self->groups[g];
    for (uint64_t i = 0; i < group->count * self->rule->kept_count; ++i)
      knack_c_release(&self->c, group->kept[i].as.tensor);
    free(group->options);
    free(group->weights);
    free(group->kept);
  }
  free(self->groups);
  free(self->defaults);
  free((void*)self->operators);
}

#endif

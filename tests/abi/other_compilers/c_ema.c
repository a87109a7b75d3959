/* SPDX-License-Identifier: MIT
 *
 * A trick in plain C: an exponential moving average of the weights with a constant decay, published
 * as a weight set of its id. Row-major fp32 tensors on the CPU are averaged in their memory, all
 * others through the host's operators. */
#include <knack/abi/knack.h>
#include <stdlib.h>
#include <string.h>

#ifndef EMA_ID
#define EMA_ID "c_ema"
#endif

KNACK_MANIFEST static const char manifest[] = KNACK_MANIFEST_MAGIC
    "{\"abi_major\": 1, \"abi_minor\": 0, \"tier\": \"c\", \"version\": \"1.0.0\", \"author\": "
    "\"\","
    " \"license\": \"MIT\", \"provides\": [{\"kind\": \"trick\", \"id\": \"" EMA_ID
    "\","
    " \"summary\": \"Moving average of the weights, written in C\"}]}";

static const char schema[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
    "\"decay\": {\"type\": \"number\", \"minimum\": 0, \"maximum\": 1, \"default\": 0.9,"
    " \"description\": \"Share of the average that one step keeps\"},"
    "\"in_memory\": {\"type\": \"boolean\", \"default\": true,"
    " \"description\": \"Average in memory where that is possible\"}}}";

typedef struct c_ema {
  knack_trick_t trick; /* first: the host's pointers point here */
  const knack_host_t* host;
  const knack_weights_api_t* weights;
  const knack_tensor_api_t* tensors;
  const knack_aten_api_t* aten;
  const knack_operator_t* lerp;
  const knack_operator_t* copy;
  knack_weight_set_t* live;
  knack_weight_set_t* average;
  double decay;
  int in_memory;
} c_ema_t;

static knack_string_t text(const char* characters) {
  const knack_string_t result = {characters, strlen(characters)};
  return result;
}

static int32_t fail(const c_ema_t* self, int32_t status, const char* message) {
  return self->host->set_error(self->host, status, text(message));
}

/* The memory of a tensor that can be averaged in place; NULL for others. */
static float* elements(const c_ema_t* self, knack_tensor_t* tensor, int64_t* count) {
  knack_tensor_info_t info = {.struct_size = sizeof(info)};
  const int32_t status = self->tensors->describe(tensor, &info);
  const int is_plain = status == KNACK_STATUS_OK && info.device_type == KNACK_DEVICE_CPU &&
                       info.dtype == KNACK_DTYPE_FLOAT32 && (info.flags & KNACK_TENSOR_CONTIGUOUS);
  *count = info.element_count;
  return is_plain ? (float*)info.data_borrowed : NULL;
}

/* Runs `op`(average, live[, weight]), which changes `average`. */
static int32_t run(const c_ema_t* self, const knack_operator_t* op, knack_tensor_t* average,
                   knack_tensor_t* live, uint64_t argument_count) {
  const knack_value_t arguments[3] = {
      {.tag = KNACK_VALUE_TENSOR, .as.tensor = average},
      {.tag = KNACK_VALUE_TENSOR, .as.tensor = live},
      {.tag = KNACK_VALUE_FLOAT, .as.f64 = 1 - self->decay},
  };
  uint64_t results = 0;
  const int32_t status = self->aten->call(op, arguments, argument_count, NULL, 0, &results);
  if (status == KNACK_STATUS_OK) return status;
  return self->host->set_error(self->host, status, self->aten->last_error());
}

static int32_t update(const c_ema_t* self, const knack_weight_t* average,
                      const knack_weight_t* live) {
  if (!(live->flags & KNACK_WEIGHT_FLOATING)) {
    return run(self, self->copy, average->tensor_borrowed, live->tensor_borrowed, 2);
  }
  int64_t count = 0;
  float* to = elements(self, average->tensor_borrowed, &count);
  const float* from = elements(self, live->tensor_borrowed, &count);
  if (!self->in_memory || to == NULL || from == NULL) {
    return run(self, self->lerp, average->tensor_borrowed, live->tensor_borrowed, 3);
  }
  const float weight = (float)(1 - self->decay);
  for (int64_t i = 0; i < count; ++i) to[i] += weight * (from[i] - to[i]);
  return KNACK_STATUS_OK;
}

static int32_t fit_begin(knack_trick_t* trick, knack_hook_context_t* context) {
  (void)context;
  c_ema_t* self = (c_ema_t*)trick;
  int32_t status = self->weights->find(self->host, text(KNACK_WEIGHTS_LIVE), &self->live);
  if (status != KNACK_STATUS_OK) return status; /* the host has said why */
  return self->weights->publish(self->host, text(EMA_ID), &self->average);
}

static int32_t after_step(knack_trick_t* trick, knack_hook_context_t* context) {
  const c_ema_t* self = (const c_ema_t*)trick;
  if (!context->stepped) return KNACK_STATUS_OK;
  const int64_t count = self->weights->count(self->host, self->live);
  for (int64_t i = 0; i < count; ++i) {
    knack_weight_t live = {.struct_size = sizeof(live)};
    knack_weight_t average = {.struct_size = sizeof(average)};
    int32_t status = self->weights->get(self->host, self->live, i, &live);
    if (status == KNACK_STATUS_OK) {
      status = self->weights->get(self->host, self->average, i, &average);
    }
    if (status == KNACK_STATUS_OK) status = update(self, &average, &live);
    if (status != KNACK_STATUS_OK) return status;
  }
  return KNACK_STATUS_OK;
}

static void destroy(knack_instance_t* instance) {
  free(instance);
}

/* The host has checked the options against the schema and filled in the defaults. */
static void read_options(c_ema_t* self, const knack_value_t* options) {
  for (uint64_t i = 0; i < options->count; ++i) {
    const knack_named_value_t* option = &options->as.entries[i];
    if (option->name.size == strlen("decay")) {
      const int is_integer = option->value.tag == KNACK_VALUE_INT;
      self->decay = is_integer ? (double)option->value.as.i64 : option->value.as.f64;
    } else {
      self->in_memory = option->value.as.i64 != 0;
    }
  }
}

static int32_t create(uint32_t index, const knack_host_t* host, const knack_value_t* options,
                      knack_instance_t** out_instance) {
  (void)index;
  c_ema_t* self = calloc(1, sizeof(*self));
  if (self == NULL) return KNACK_STATUS_NO_MEMORY;
  self->trick.head.struct_size = sizeof(self->trick);
  self->trick.head.self = self;
  self->trick.head.destroy = destroy;
  self->trick.fit_begin = fit_begin;
  self->trick.after_step = after_step;
  self->host = host;
  self->weights = host->get_extension(host, KNACK_EXT_WEIGHTS);
  self->tensors = host->get_extension(host, KNACK_EXT_TENSOR);
  self->aten = host->get_extension(host, KNACK_EXT_ATEN);
  if (self->weights == NULL || self->tensors == NULL || self->aten == NULL ||
      self->aten->find("aten::lerp_", "Scalar", &self->lerp) != KNACK_STATUS_OK ||
      self->aten->find("aten::copy_", "", &self->copy) != KNACK_STATUS_OK) {
    const int32_t status = fail(self, KNACK_STATUS_UNSUPPORTED, "the host lacks an extension");
    free(self);
    return status;
  }
  read_options(self, options);
  *out_instance = &self->trick.head;
  return KNACK_STATUS_OK;
}

static const knack_descriptor_t* descriptor(uint32_t index) {
  static const knack_descriptor_t only = {.struct_size = sizeof(only),
                                          .kind = KNACK_KIND_TRICK,
                                          .id = EMA_ID,
                                          .summary = "Moving average of the weights, written in C",
                                          .schema_json = schema};
  return index == 0 ? &only : NULL;
}

KNACK_EXPORT const knack_entry_t KNACK_ENTRY = {.struct_size = sizeof(knack_entry_t),
                                                .abi_major = KNACK_ABI_MAJOR,
                                                .abi_minor_needed = 0,
                                                .descriptor_count = 1,
                                                .manifest = manifest,
                                                .manifest_size = sizeof(manifest),
                                                .descriptor = descriptor,
                                                .create = create};

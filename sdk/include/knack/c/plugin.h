/* SPDX-License-Identifier: MIT
 *
 * What plugins in plain C need again and again. Not part of the ABI: all of it is compiled into the
 * plugin. One plugin per file that includes it. */
#ifndef KNACK_C_PLUGIN_H
#define KNACK_C_PLUGIN_H

#include <knack/abi/knack.h>
#include <stdlib.h>
#include <string.h>

#ifndef KNACK_PLUGIN_AUTHOR
#define KNACK_PLUGIN_AUTHOR ""
#endif
#ifndef KNACK_PLUGIN_LICENSE
#define KNACK_PLUGIN_LICENSE ""
#endif
#ifndef KNACK_PLUGIN_ABI_MINOR
#define KNACK_PLUGIN_ABI_MINOR 0 /* the lowest that the plugin needs, a plain number */
#endif

/* The text of its argument, for schemas: KNACK_JSON({"type": "object"}) */
#define KNACK_JSON(...) #__VA_ARGS__
#define KNACK_C_TEXT_OF(number) KNACK_JSON(number)

/* Manifest, descriptor and entry of a file that provides one thing. `the_kind` is KNACK_KIND_*; it,
 * id, summary and schema are texts. An instance is a zeroed `Type`, a struct whose first members
 * are the kind's struct, called `abi`, and `knack_c_host_t c`. Before the host gets it,
 *   int32_t open_function(Type* self, const knack_value_t* options_borrowed)
 * fills its slots and the rest; `void close_function(Type* self)` gives back what it holds, also
 * after an open that failed. */
#define KNACK_C_PLUGIN(version, the_kind, the_id, the_summary, schema, Type, open_function,      \
                       close_function)                                                           \
  KNACK_MANIFEST static const char knack_c_manifest[] =                                          \
      KNACK_MANIFEST_MAGIC "{\"abi_major\": 1, \"abi_minor\": " KNACK_C_TEXT_OF(                 \
          KNACK_PLUGIN_ABI_MINOR) ", \"tier\": \"c\", \"version\": \"" version                   \
                                  "\", \"author\": \"" KNACK_PLUGIN_AUTHOR                       \
                                  "\", \"license\": \"" KNACK_PLUGIN_LICENSE                     \
                                  "\", \"provides\": [{\"kind\": \"" the_kind                    \
                                  "\", \"id\": \"" the_id "\", \"summary\": \"" the_summary      \
                                  "\"}]}";                                                       \
  static const knack_descriptor_t* knack_c_descriptor(uint32_t index) {                          \
    static const knack_descriptor_t only = {.struct_size = sizeof(only),                         \
                                            .kind = the_kind,                                    \
                                            .id = the_id,                                        \
                                            .summary = the_summary,                              \
                                            .schema_json = schema};                              \
    return index == 0 ? &only : NULL;                                                            \
  }                                                                                              \
  static void knack_c_destroy(knack_instance_t* instance) {                                      \
    close_function((Type*)instance->self);                                                       \
    free(instance->self);                                                                        \
  }                                                                                              \
  static int32_t knack_c_create(uint32_t index, const knack_host_t* host,                        \
                                const knack_value_t* options, knack_instance_t** out_instance) { \
    (void)index;                                                                                 \
    Type* self = (Type*)calloc(1, sizeof(*self));                                                \
    if (self == NULL) return knack_fail(host, KNACK_STATUS_NO_MEMORY, "out of memory");          \
    self->abi.head.struct_size = sizeof(self->abi);                                              \
    self->abi.head.self = self;                                                                  \
    self->abi.head.destroy = knack_c_destroy;                                                    \
    int32_t status = knack_c_open(host, &self->c);                                               \
    if (status == KNACK_STATUS_OK) status = open_function(self, options);                        \
    if (status == KNACK_STATUS_OK) {                                                             \
      *out_instance = &self->abi.head;                                                           \
    } else {                                                                                     \
      knack_c_destroy(&self->abi.head);                                                          \
    }                                                                                            \
    return status;                                                                               \
  }                                                                                              \
  KNACK_EXPORT const knack_entry_t KNACK_ENTRY = {.struct_size = sizeof(knack_entry_t),          \
                                                  .abi_major = KNACK_ABI_MAJOR,                  \
                                                  .abi_minor_needed = KNACK_PLUGIN_ABI_MINOR,    \
                                                  .descriptor_count = 1,                         \
                                                  .manifest = knack_c_manifest,                  \
                                                  .manifest_size = sizeof(knack_c_manifest),     \
                                                  .descriptor = knack_c_descriptor,              \
                                                  .create = knack_c_create};

/* Returns from the function that uses it unless `call` went well. */
#define KNACK_C_TRY(call)                                         \
  do {                                                            \
    const int32_t knack_c_status = (call);                        \
    if (knack_c_status != KNACK_STATUS_OK) return knack_c_status; \
  } while (0)

/* The host's tables that nearly every plugin uses. */
typedef struct knack_c_host {
  const knack_host_t* host;
  const knack_tensor_api_t* tensors;
  const knack_aten_api_t* aten;
} knack_c_host_t;

static inline knack_string_t knack_text(const char* characters) {
  const knack_string_t text = {characters, strlen(characters)};
  return text;
}

static inline int knack_text_is(knack_string_t text, const char* other) {
  return text.size == strlen(other) && memcmp(text.data, other, text.size) == 0;
}

/* `return knack_fail(host, KNACK_STATUS_INVALID, "what was expected, what was found");` */
static inline int32_t knack_fail(const knack_host_t* host, int32_t status, const char* message) {
  return host->set_error(host, status, knack_text(message));
}

static inline int32_t knack_c_open(const knack_host_t* host, knack_c_host_t* out_host) {
  out_host->host = host;
  out_host->tensors = (const knack_tensor_api_t*)host->get_extension(host, KNACK_EXT_TENSOR);
  out_host->aten = (const knack_aten_api_t*)host->get_extension(host, KNACK_EXT_ATEN);
  if (out_host->tensors != NULL && out_host->aten != NULL) return KNACK_STATUS_OK;
  return knack_fail(host, KNACK_STATUS_UNSUPPORTED,
                    "this host lacks " KNACK_EXT_TENSOR " or " KNACK_EXT_ATEN);
}

/* The entry `name` of a map, or NULL. */
static inline const knack_value_t* knack_find(const knack_value_t* map, const char* name) {
  for (uint64_t i = 0; map != NULL && map->tag == KNACK_VALUE_MAP && i < map->count; ++i) {
    if (knack_text_is(map->as.entries[i].name, name)) return &map->as.entries[i].value;
  }
  return NULL;
}

/* A number of a map, be it an integer, a float or a bool; `otherwise` when it is not there. */
static inline double knack_number(const knack_value_t* map, const char* name, double otherwise) {
  const knack_value_t* value = knack_find(map, name);
  if (value == NULL) return otherwise;
  if (value->tag == KNACK_VALUE_FLOAT) return value->as.f64;
  const int is_integer = value->tag == KNACK_VALUE_INT || value->tag == KNACK_VALUE_BOOL;
  return is_integer ? (double)value->as.i64 : otherwise;
}

static inline knack_value_t knack_of_tensor(knack_tensor_t* tensor) {
  knack_value_t value = {.tag = KNACK_VALUE_TENSOR};
  value.as.tensor = tensor;
  return value;
}

static inline knack_value_t knack_of_float(double number) {
  knack_value_t value = {.tag = KNACK_VALUE_FLOAT};
  value.as.f64 = number;
  return value;
}

static inline knack_value_t knack_of_int(int64_t number) {
  knack_value_t value = {.tag = KNACK_VALUE_INT};
  value.as.i64 = number;
  return value;
}

/* Finds an operator; for `create` and init, as it takes microseconds. */
static inline int32_t knack_c_find(const knack_c_host_t* c, const char* name, const char* overload,
                                   const knack_operator_t** out_operator) {
  const int32_t status = c->aten->find(name, overload, out_operator);
  if (status == KNACK_STATUS_OK) return status;
  return c->host->set_error(c->host, status, c->aten->last_error());
}

/* Calls an operator. Its first result goes to `out_owned`, which the caller releases; NULL: it is
 * not wanted, as with operators that work in place. */
static inline int32_t knack_c_call(const knack_c_host_t* c, const knack_operator_t* op,
                                   uint64_t count, const knack_value_t* arguments,
                                   knack_tensor_t** out_owned) {
  knack_value_t result = {.tag = KNACK_VALUE_NONE};
  uint64_t results = 0;
  const int32_t status =
      c->aten->call(op, arguments, count, &result, out_owned == NULL ? 0 : 1, &results);
  if (status != KNACK_STATUS_OK) return c->host->set_error(c->host, status, c->aten->last_error());
  if (out_owned != NULL) *out_owned = result.as.tensor;
  return status;
}

/* knack_c_call with its arguments in place: KNACK_C_CALL(&c, lerp, NULL, knack_of_tensor(a), ...) */
#define KNACK_C_CALL(c, op, out_owned, ...)                                                 \
  knack_c_call(c, op, sizeof((const knack_value_t[]){__VA_ARGS__}) / sizeof(knack_value_t), \
               (const knack_value_t[]){__VA_ARGS__}, out_owned)

/* Gives a tensor back; NULL is allowed, and so is a `c` that could not be opened. */
static inline void knack_c_release(const knack_c_host_t* c, knack_tensor_t* tensor) {
  if (c->tensors != NULL) c->tensors->release(tensor);
}

/* The elements of a row-major tensor of this type in the CPU's memory. Fails for others. */
static inline int32_t knack_c_elements(const knack_c_host_t* c, knack_tensor_t* tensor,
                                       int32_t dtype, void** out_elements) {
  knack_tensor_info_t info = {.struct_size = sizeof(info)};
  KNACK_C_TRY(c->tensors->describe(tensor, &info));
  const int is_plain = info.device_type == KNACK_DEVICE_CPU && info.dtype == dtype &&
                       (info.flags & KNACK_TENSOR_CONTIGUOUS) != 0;
  *out_elements = info.data_borrowed;
  return is_plain ? KNACK_STATUS_OK
                  : knack_fail(c->host, KNACK_STATUS_INVALID,
                               "expected a row-major tensor of another type on the CPU");
}

#endif

/* SPDX-License-Identifier: MIT */
#include "frozen.h"

#define PROVIDES(kind) "{\"kind\": \"" kind "\", \"id\": \"frozen." kind "\", \"summary\": \"\"}"

KNACK_MANIFEST static const char manifest[] = KNACK_MANIFEST_MAGIC
    "{\"abi_major\": 1, \"abi_minor\": 0, \"tier\": \"c\", \"version\": \"1.0.0\", \"provides\": "
    "[" PROVIDES("trick") ", " PROVIDES("model") ", " PROVIDES("dataset") ", " PROVIDES(
        "objective") ", " PROVIDES("optimizer") "]}";

static const char optimizer_schema[] =
    "{\"type\": \"object\", \"additionalProperties\": false, \"properties\": {"
    "\"lr\": {\"type\": \"number\", \"minimum\": 0, \"default\": 0.1, \"description\": \"\"}}}";

static const knack_descriptor_t descriptors[] = {
    {sizeof(knack_descriptor_t), 0, KNACK_KIND_TRICK, "frozen.trick", "", NULL},
    {sizeof(knack_descriptor_t), 0, KNACK_KIND_MODEL, "frozen.model", "", NULL},
    {sizeof(knack_descriptor_t), 0, KNACK_KIND_DATASET, "frozen.dataset", "", NULL},
    {sizeof(knack_descriptor_t), 0, KNACK_KIND_OBJECTIVE, "frozen.objective", "", NULL},
    {sizeof(knack_descriptor_t), 0, KNACK_KIND_OPTIMIZER, "frozen.optimizer", "", optimizer_schema},
};
#define COUNT (sizeof(descriptors) / sizeof(descriptors[0]))

static const knack_host_t* init_host = NULL;

static int32_t init(const knack_host_t* host) {
  MUST(host, init_host == NULL || init_host == host);
  MUST(host, host->struct_size >= sizeof(*host) && host->abi_major == KNACK_ABI_MAJOR);
  MUST(host, host->get_extension(host, "frozen.unknown/1") == NULL);
  init_host = host;
  return KNACK_STATUS_OK;
}

static const knack_descriptor_t* descriptor(uint32_t index) {
  return index < COUNT ? &descriptors[index] : NULL;
}

static int32_t create(uint32_t index, const knack_host_t* host, const knack_value_t* options,
                      knack_instance_t** out_instance) {
  MUST(host, options->tag == KNACK_VALUE_MAP && options->reserved == 0);
  switch (index) {
    case 0:
      return frozen_create_trick(host, out_instance);
    case 1:
      return frozen_create_model(host, out_instance);
    case 2:
      return frozen_create_dataset(host, out_instance);
    case 3:
      return frozen_create_objective(host, out_instance);
    default:
      MUST(host, options->count == 1 && frozen_is(options->as.entries[0].name, "lr"));
      MUST(host, options->as.entries[0].value.tag == KNACK_VALUE_FLOAT);
      return frozen_create_optimizer(host, options->as.entries[0].value.as.f64, out_instance);
  }
}

KNACK_EXPORT const knack_entry_t KNACK_ENTRY = {.struct_size = sizeof(knack_entry_t),
                                                .abi_major = KNACK_ABI_MAJOR,
                                                .abi_minor_needed = 0,
                                                .descriptor_count = COUNT,
                                                .manifest = manifest,
                                                .manifest_size = sizeof(manifest),
                                                .init = init,
                                                .descriptor = descriptor,
                                                .create = create};

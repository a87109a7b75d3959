/* SPDX-License-Identifier: MIT
 *
 * How a shared library becomes a plugin: one manifest, readable without running the library, and
 * one exported symbol. */
#ifndef KNACK_ABI_ENTRY_H
#define KNACK_ABI_ENTRY_H

#include <knack/abi/instance.h>

#ifdef __cplusplus
extern "C" {
#endif

/* ELF section that holds the manifest: the line KNACK_MANIFEST_MAGIC, then one JSON object, then
 * any number of zero bytes; at most 64 KiB. The host reads and checks it before the library is
 * loaded:
 *
 *   {"abi_major": 1, "abi_minor": 0, "tier": "c", "version": "1.0.0", "author": "", "license": "MIT",
 *    "provides": [{"kind": "trick", "id": "acme.lookahead", "summary": "...",
 *                  "before": ["ids that act later"], "after": ["ids that act earlier"]}]}
 *
 * `abi_minor` is the lowest minor the plugin needs. `tier` is what it needs of LibTorch: "c"
 * nothing, "torch-stable" LibTorch's stable C shims ("torch": {"target": "2.11"}), "torch-cxx" one
 * exact build ("torch": {"version", "stdlib", "cxx11_abi", "compiler"}). Ids are lower-case words;
 * third parties put their name and a dot in front. `before` and `after` order tricks within a hook.
 * */
#define KNACK_MANIFEST_SECTION ".knack_manifest"
#define KNACK_MANIFEST_MAGIC "knack-manifest/1\n"

/* Put in front of the `const char manifest[]` of a plugin written in C. */
#define KNACK_MANIFEST __attribute__((section(KNACK_MANIFEST_SECTION), used))

/* Put in front of the definition of the entry. */
#if defined(__cplusplus)
#define KNACK_EXPORT extern "C" __attribute__((visibility("default")))
#else
#define KNACK_EXPORT __attribute__((visibility("default")))
#endif

/* One thing a plugin can create. Owned by the plugin, constant, valid until the process ends. */
typedef struct knack_descriptor {
  uint32_t struct_size;
  uint32_t reserved;
  const char* kind; /* "trick", "model", "dataset", "objective", "optimizer", ... */
  const char* id;   /* as in the manifest */
  const char* summary; /* one sentence for people */
  /* JSON Schema (draft-07) of the options, an object with "properties" and their "default"s. The
   * host refuses recipes that do not fit and fills in the defaults before `create` sees them. A
   * string property of format "knack-path" arrives as an absolute path. NULL: no options. */
  const char* schema_json;
} knack_descriptor_t;

/* The one export of a plugin. All of it is constant and valid until the process ends: plugins are
 * never unloaded. */
typedef struct knack_entry {
  uint32_t struct_size;
  uint32_t abi_major;        /* KNACK_ABI_MAJOR the plugin was built with */
  uint32_t abi_minor_needed; /* as in the manifest */
  uint32_t descriptor_count;
  const char* manifest;      /* the bytes of the section: the host compares them with the file's */
  uint64_t manifest_size;

  /* Prepares the library; all that would be done in static constructors is done here. May be called
   * again with the same host and then does nothing. May be NULL. `host` stays valid. [fit thread]
   * */
  int32_t (*init)(const knack_host_t* host);

  /* The descriptor `index` of 0 .. descriptor_count - 1; NULL for others. [any thread] */
  const knack_descriptor_t* (*descriptor)(uint32_t index);

  /* Makes an instance of descriptor `index`. `options_borrowed` is a map that satisfies the schema,
   * complete with defaults. On success `*out_instance` is the kind's struct (knack_trick_t, ...).
   * Models draw their initial weights from LibTorch's default generator, which the host has seeded.
   * [fit thread] */
  int32_t (*create)(uint32_t index, const knack_host_t* host, const knack_value_t* options_borrowed,
                    knack_instance_t** out_instance);
} knack_entry_t;

/* The name of the export, which carries the ABI major. */
#define KNACK_ENTRY_SYMBOL "knack_plugin_v1"
#define KNACK_ENTRY knack_plugin_v1

#ifdef __cplusplus
}
#endif

#endif

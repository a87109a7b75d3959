/* SPDX-License-Identifier: MIT
 *
 * What all instances have in common, whatever their kind. */
#ifndef KNACK_ABI_INSTANCE_H
#define KNACK_ABI_INSTANCE_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

/* `flags` of an instance. */
#define KNACK_INSTANCE_REENTRANT 1u /* may be entered by several threads at once (datasets) */

/* The head of every instance. It is the first member of knack_trick_t, knack_model_t and so on, is
 * frozen, and is followed by the kind's own slots; `struct_size` is the size of the whole struct.
 * A common ability that comes later is an extension of the instance, not a field here.
 *
 * The instance is allocated by the plugin in `create` and freed by it in `destroy`. State lives in
 * `self`, never in globals: one plugin may have several instances. Unless KNACK_INSTANCE_REENTRANT
 * is set, the host never enters an instance from two threads at once. */
typedef struct knack_instance {
  uint32_t struct_size;
  uint32_t flags;
  void* self; /* the plugin's own */

  /* Frees the instance. Called once; no other call is in progress or follows. Never NULL.
   * [fit thread] */
  void (*destroy)(struct knack_instance* instance);

  /* An ability of this instance beyond its kind's slots, or NULL. The slot may be NULL.
   * [any thread] */
  const void* (*get_extension)(struct knack_instance* instance, const char* id);

  /* Writes everything the instance needs to go on bit for bit, as an owned map of values, and the
   * version of its layout. Tensors in it are saved without a copy. Both slots may be NULL,
   * together, for an instance without state. [fit thread, between two steps] */
  int32_t (*state_save)(struct knack_instance* instance, uint32_t* out_version,
                        knack_value_t* out_state_owned);

  /* Takes back what state_save wrote, possibly by an older version of the plugin. State that cannot
   * be used is refused with an error; nothing is dropped silently. Called once, on a new instance:
   * tricks after fit_begin, optimizers after their last add_group, others after create.
   * [fit thread] */
  int32_t (*state_load)(struct knack_instance* instance, uint32_t version,
                        const knack_value_t* state_borrowed);
} knack_instance_t;

#ifdef __cplusplus
}
#endif

#endif

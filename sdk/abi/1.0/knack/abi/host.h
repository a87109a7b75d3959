/* SPDX-License-Identifier: MIT
 *
 * The host as a plugin sees it. Deliberately tiny: every ability is an extension (ext/). */
#ifndef KNACK_ABI_HOST_H
#define KNACK_ABI_HOST_H

#include <knack/abi/status.h>
#include <knack/abi/value.h>
#include <knack/abi/version.h>
#include <stddef.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One per plugin file for `init`, and one per instance for everything else: what is asked through
 * an instance's table is accounted to that instance (log lines, random numbers, metrics). Owned by
 * the host; valid until the instance is destroyed, the file's until the process ends. */
typedef struct knack_host {
  uint32_t struct_size;
  uint32_t abi_major;
  uint32_t abi_minor;
  uint32_t reserved;
  void* host_data; /* the host's own; plugins pass the table on and never look inside */

  /* The extension `id`, such as "knack.aten/1", or NULL when this host has none of that name and
   * revision. The struct is the host's and lives until the process ends.
   * [any thread] */
  const void* (*get_extension)(const struct knack_host* host, const char* id);

  /* Gives the text of a failure; the host copies it. Call it just before returning `status`, which
   * is handed back unchanged: `return host->set_error(host, KNACK_STATUS_INVALID, text);`
   * [any thread; the text belongs to the calling thread] */
  int32_t (*set_error)(const struct knack_host* host, int32_t status, knack_string_t message);

  /* Memory for values handed out by the call in progress: at least `bytes`, aligned to 16. It is
   * the host's, is freed by the host once it has consumed the result, and is never freed by the
   * plugin. NULL when there is no memory.
   * [the thread of the call in progress] */
  void* (*allocate)(const struct knack_host* host, uint64_t bytes);
} knack_host_t;

#ifdef __cplusplus
}
#endif

#endif

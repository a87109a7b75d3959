/* SPDX-License-Identifier: MIT
 *
 * knack.log/1: lines for people, in log.txt and on the terminal. */
#ifndef KNACK_ABI_EXT_LOG_H
#define KNACK_ABI_EXT_LOG_H

#include <knack/abi/host.h>

#ifdef __cplusplus
extern "C" {
#endif

#define KNACK_EXT_LOG "knack.log/1"

#define KNACK_LOG_DEBUG 0u /* log.txt only */
#define KNACK_LOG_INFO 1u
#define KNACK_LOG_WARNING 2u

typedef struct knack_log_api {
  uint32_t struct_size;
  uint32_t reserved;

  /* One message, without a trailing newline; the instance's name is put in front. Errors are not
   * logged but returned. [any thread] */
  void (*write)(const knack_host_t* host, uint32_t level, knack_string_t message);
} knack_log_api_t;

#ifdef __cplusplus
}
#endif

#endif

/* SPDX-License-Identifier: MIT
 *
 * What every function of the ABI returns: 0 or one of the codes below.
 *
 * A side that returns anything but KNACK_STATUS_OK first gives a text to `knack_host_t::set_error`.
 * The host reports a failure without text as a defect of the plugin; the text is the last one set
 * during the call, be it by a service that failed. On a status but OK the receiver ignores all
 * outputs, and what is in them stays the callee's; the one exception are the replacements in
 * knack_hook_context_t. Unknown positive codes are treated as KNACK_STATUS_FAILED, so that later
 * minors may add codes. */
#ifndef KNACK_ABI_STATUS_H
#define KNACK_ABI_STATUS_H

#define KNACK_STATUS_OK 0
#define KNACK_STATUS_FAILED 1      /* anything that has no code of its own */
#define KNACK_STATUS_INVALID 2     /* an argument or an option is wrong */
#define KNACK_STATUS_NOT_FOUND 3   /* no such name, operator, index or extension */
#define KNACK_STATUS_UNSUPPORTED 4 /* understood, but this side cannot do it */
#define KNACK_STATUS_DATA 5        /* a file or a sample is missing, damaged or inconsistent */
#define KNACK_STATUS_NO_MEMORY 6

#endif

/* SPDX-License-Identifier: MIT
 *
 * Versions of the plugin ABI and of knack itself. */
#ifndef KNACK_ABI_VERSION_H
#define KNACK_ABI_VERSION_H

/* A host loads plugins of its own major only. The major is also part of the entry symbol's name. */
#define KNACK_ABI_MAJOR 1

/* Additive: a host serves every minor up to its own; a plugin states the lowest minor it needs. */
#define KNACK_ABI_MINOR 0

/* The release of knack these headers belong to. */
#define KNACK_VERSION_STRING "1.0.0"

#endif

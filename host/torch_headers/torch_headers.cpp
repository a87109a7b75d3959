// SPDX-License-Identifier: MIT
// Holds nothing: its target is where the precompiled header is built.

/* SPDX-License-Identifier: MIT */
#include "golden_1_0.h"

// SPDX-License-Identifier: MIT
#include "golden_1_1.h"

/* SPDX-License-Identifier: MIT
 *
 * The whole plugin ABI in one include. */
#ifndef KNACK_ABI_KNACK_H
#define KNACK_ABI_KNACK_H

#include <knack/abi/entry.h>
#include <knack/abi/ext/aten.h>
#include <knack/abi/ext/autograd.h>
#include <knack/abi/ext/data.h>
#include <knack/abi/ext/dlpack.h>
#include <knack/abi/ext/log.h>
#include <knack/abi/ext/metrics.h>
#include <knack/abi/ext/norm.h>
#include <knack/abi/ext/params.h>
#include <knack/abi/ext/rng.h>
#include <knack/abi/ext/tensor.h>
#include <knack/abi/ext/weights.h>
#include <knack/abi/kinds/dataset.h>
#include <knack/abi/kinds/model.h>
#include <knack/abi/kinds/objective.h>
#include <knack/abi/kinds/optimizer.h>
#include <knack/abi/kinds/trick.h>

#endif

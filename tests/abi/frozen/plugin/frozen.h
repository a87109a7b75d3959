/* SPDX-License-Identifier: MIT
 *
 * A plugin of all kinds in plain C that uses every function of ABI 1.0. It is compiled against the
 * frozen headers alone and never changes: what loads it serves the plugins of that time. */
#ifndef KNACK_TESTS_FROZEN_H
#define KNACK_TESTS_FROZEN_H

#include <knack/abi/knack.h>
#include <stdlib.h>
#include <string.h>

/* The calling function fails unless `condition`; the text is the condition. */
#define MUST(host, condition) \
  if (!(condition)) return frozen_fail(host, "frozen plugin: not so: " #condition)

knack_string_t frozen_text(const char* characters);
int32_t frozen_fail(const knack_host_t* host, const char* message);
int frozen_is(knack_string_t name, const char* expected);
knack_value_t frozen_tensor(knack_tensor_t* tensor);
knack_value_t frozen_number(double number);
void frozen_destroy(knack_instance_t* instance);

/* Calls an operator of one result. `*out_owned` may be NULL: the result is released. */
int32_t frozen_call(const knack_host_t* host, const char* name, const char* overload,
                    const knack_value_t* arguments, uint64_t count, knack_tensor_t** out_owned);

/* A new fp32 tensor of one or two dimensions (columns 0: one) with all elements `value`. */
int32_t frozen_filled(const knack_host_t* host, int64_t rows, int64_t columns, float value,
                      knack_tensor_t** out_owned);

int32_t frozen_create_trick(const knack_host_t* host, knack_instance_t** out_instance);
int32_t frozen_create_model(const knack_host_t* host, knack_instance_t** out_instance);
int32_t frozen_create_dataset(const knack_host_t* host, knack_instance_t** out_instance);
int32_t frozen_create_objective(const knack_host_t* host, knack_instance_t** out_instance);
int32_t frozen_create_optimizer(const knack_host_t* host, double lr,
                                knack_instance_t** out_instance);

#endif

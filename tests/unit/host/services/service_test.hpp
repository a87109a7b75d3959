// SPDX-License-Identifier: MIT
// What tests of an extension table have in common.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "host/plugin/guard.hpp"
#include "host/services/services.hpp"

namespace knack::testing {

/// A trick's instance, to ask for tables as a plugin does.
class ServiceTest : public ::testing::Test {
 protected:
  template <class Table>
  const Table* table(void (*register_table)(), const char* id) const {
    register_table();
    return static_cast<const Table*>(context.table.get_extension(&context.table, id));
  }

  host::HostServices services;
  host::InstanceContext context{"/p/ema.so", "trick", "ema", "ema", services};
};

}  // namespace knack::testing

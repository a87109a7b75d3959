// SPDX-License-Identifier: MIT
#include "host/common/kernel_files.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using ::testing::ElementsAre;
using ::testing::Pair;

TEST(KernelFiles, HaveAValueAKey) {
  const testing::TemporaryFolder root;
  root.write("information",
             "Model: \t\t NVIDIA H100 80GB\nmodel name\t: A: processor\nno value\n"
             ": no key\nempty:\nmodel name\t: another\n");
  EXPECT_THAT(kernel_values(root.path() / "information"),
              ElementsAre(Pair("Model", "NVIDIA H100 80GB"), Pair("empty", ""),
                          Pair("model name", "A: processor")));
  EXPECT_TRUE(kernel_values(root.path() / "missing").empty());
}

}  // namespace
}  // namespace knack::host

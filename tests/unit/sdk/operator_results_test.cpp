// SPDX-License-Identifier: MIT
// Results of operators that are asked for in the wrong way: told, and not leaked.
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <knack/testing/fake_host.hpp>

namespace knack {
namespace {

class OperatorResults : public ::testing::Test {
 protected:
  template <typename Function>
  void expect_refused(Function function, const char* text) {
    try {
      function();
      FAIL() << "nothing was thrown";
    } catch (const Error& error) {
      EXPECT_EQ(error.status(), KNACK_STATUS_INVALID);
      EXPECT_THAT(error.what(), ::testing::HasSubstr(text));
    }
    EXPECT_EQ(host_.live_handles(), 1) << "of the test itself";
  }

  testing::FakeHost host_;
  Tensor tensor_ = Tensor::ones({4, 2});
};

TEST_F(OperatorResults, AListIsNoTensor) {
  const Operator split("aten::split", "Tensor");
  EXPECT_EQ(split.list(tensor_, 2).size(), 2U);
  expect_refused([&] { (void)split(tensor_, 2); }, "use list()");
}

TEST_F(OperatorResults, TensorsAreNoNumber) {
  const Operator split("aten::split", "Tensor");
  const Operator sum("aten::sum");
  expect_refused([&] { (void)split.number(tensor_, 2); }, "no number");
  expect_refused([&] { (void)sum.number(tensor_); }, "no number");
}

TEST_F(OperatorResults, ATensorIsNoList) {
  const Operator sum("aten::sum");
  EXPECT_EQ(sum(tensor_).item(), 8.0);
  expect_refused([&] { (void)sum.list(tensor_); }, "no list");
}

}  // namespace
}  // namespace knack

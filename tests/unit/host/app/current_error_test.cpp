// SPDX-License-Identifier: MIT
#include "host/app/current_error.hpp"

#include <c10/util/Exception.h>
#include <gtest/gtest.h>

#include <new>
#include <stdexcept>

namespace knack::host {
namespace {

template <class Exception>
Error error_of(const Exception& exception) {
  try {
    throw exception;
  } catch (...) {
    return current_error();
  }
}

std::string code_of(const Error& error) {
  return std::string(error.diagnostics().front().id.text());
}

TEST(CurrentError, OfAnErrorIsThatError) {
  const Error error = error_of(Error("E0502", "x: cannot be read"));
  EXPECT_EQ(code_of(error), "E0502");
  EXPECT_EQ(error.code(), ExitCode::data);
}

TEST(CurrentError, HasACodeForWhateverIsThrown) {
  EXPECT_EQ(code_of(error_of(c10::Error({"f", "f.cpp", 1}, "shapes"))), "E0605");
  EXPECT_EQ(code_of(error_of(std::bad_alloc())), "E0901");
  EXPECT_EQ(code_of(error_of(std::out_of_range("at"))), "E0900");
  EXPECT_EQ(error_of(std::bad_alloc()).code(), ExitCode::unexpected);
}

TEST(CurrentError, LetsOtherExceptionsGoOn) {
  EXPECT_THROW(error_of(7), int);
}

}  // namespace
}  // namespace knack::host

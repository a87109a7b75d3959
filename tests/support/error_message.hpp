// SPDX-License-Identifier: MIT
// Looks at the one message a user would see.
#pragma once

#include <gtest/gtest.h>

#include <string>

#include "host/common/error.hpp"

namespace knack::testing {

/// The message of the Error that `action` throws, after checking that it has `code` and is one
/// line. The test fails, and the answer is empty, when it throws none.
template <class Action>
std::string error_message(host::ExitCode code, Action&& action) {
  try {
    action();
  } catch (const host::Error& error) {
    const std::string message = error.what();
    EXPECT_EQ(error.code(), code) << message;
    EXPECT_EQ(message.find('\n'), std::string::npos) << message;
    return message;
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

}  // namespace knack::testing

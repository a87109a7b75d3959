// SPDX-License-Identifier: MIT
#include "host/plugin/guard.hpp"

#include <ATen/ATen.h>
#include <ATen/autocast_mode.h>
#include <gtest/gtest.h>

#include <cstring>
#include <stdexcept>
#include <thread>

#include "host/plugin/tensor_handle.hpp"
#include "tests/support/error_message.hpp"
#include "tests/unit/host/plugin/allocation_watch.hpp"

namespace knack::host {
namespace {

using knack::testing::AllocationLimit;
using knack::testing::error_message;

class Guard : public ::testing::Test {
 protected:
  /// What the user sees when a hook does what `function` does.
  template <class Function>
  std::string failure(Function function, ExitCode code = ExitCode::training) {
    return error_message(code, [&] {
      Call call(context, "after_step");
      call.run(function);
    });
  }

  std::int32_t set_error(std::int32_t status, const char* text) {
    return context.table.set_error(&context.table, status, {text, std::strlen(text)});
  }

  HostServices services;
  InstanceContext context{"/p/ema.so", "trick", "ema", "slow_ema", services};
};

TEST_F(Guard, TellsWhoFailedAndWhy) {
  EXPECT_EQ(failure([&] { return set_error(KNACK_STATUS_FAILED, "no weights\n"); }),
            "/p/ema.so: trick ema (instance slow_ema), after_step: no weights");
}

TEST_F(Guard, HasAnExitCodeOfItsOwnForData) {
  EXPECT_EQ(failure([&] { return set_error(KNACK_STATUS_DATA, "bad file"); }, ExitCode::data),
            "/p/ema.so: trick ema (instance slow_ema), after_step: bad file");
}

TEST_F(Guard, HasTheExitCodeOfARecipeForAnOptionThatThePluginRefuses) {
  const std::string text = "option \"of\": there is none";
  EXPECT_EQ(
      failure([&] { return set_error(KNACK_STATUS_INVALID, text.c_str()); }, ExitCode::recipe),
      "/p/ema.so: trick ema (instance slow_ema), after_step: " + text);
}

TEST_F(Guard, KeepsTheCodeOfAnErrorOfTheHostsAndTellsWhomItIsAbout) {
  try {
    Call(context, "fit_begin").run([&] {
      host::set_error(Error("E0317", "the name is taken"));
      return set_error(KNACK_STATUS_FAILED, "publish: the name is taken");
    });
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ExitCode::recipe);
    EXPECT_EQ(error.diagnostics().front().id.text(), "E0317");
    EXPECT_EQ(error.diagnostics().front().subject, "tricks[slow_ema]");
  }
}

TEST_F(Guard, PassesOnTheAdviceOfAnErrorOfTheHosts) {
  Diagnostic cause{.id = "E0318", .sentence = "no set `emaa`"};
  cause.notes = {"there is `ema`"};
  cause.helps = {"did you mean `ema`?"};
  cause.value = "emaa";
  try {
    Call(context, "fit_begin").run([&] {
      const Error error(cause);
      host::set_error(error);
      return set_error(KNACK_STATUS_FAILED,
                       (std::string("of: ") + error.what() + ", sadly").c_str());
    });
    FAIL();
  } catch (const Error& error) {
    ASSERT_EQ(error.diagnostics().size(), 1u);
    const Diagnostic& problem = error.diagnostics().front();
    EXPECT_EQ(problem.sentence,
              "trick ema (instance slow_ema), fit_begin: of: no set `emaa`, sadly");
    EXPECT_EQ(problem.notes, cause.notes);
    EXPECT_EQ(problem.helps, cause.helps);
    EXPECT_EQ(problem.value, "emaa");
  }
}

TEST_F(Guard, KeepsAShortTextWhenThereIsNoMemoryForALongOne) {
  const Error error("E0318", std::string(3000, 'x'));
  std::string text;
  std::thread([&] {  // has kept no text yet
    {
      const AllocationLimit limit(1000);
      host::set_error(error);
    }
    text = thread_error_text();
  })
      .join();
  EXPECT_EQ(text, "out of memory");
}

TEST_F(Guard, CallsAFailureWithoutTextADefect) {
  set_error(KNACK_STATUS_FAILED, "of an earlier call");
  EXPECT_EQ(failure([] { return KNACK_STATUS_INVALID; }),
            "/p/ema.so: trick ema (instance slow_ema), after_step: expected a text with status 2, "
            "found none; report this to the plugin's author");
}

TEST_F(Guard, TurnsExceptionsIntoErrors) {
  EXPECT_EQ(failure([]() -> std::int32_t { throw std::runtime_error("index\n7"); }),
            "/p/ema.so: trick ema (instance slow_ema), after_step: expected a status, found the "
            "exception 'index 7'; report this to the plugin's author");
  EXPECT_EQ(failure([]() -> std::int32_t { throw 7; }),
            "/p/ema.so: trick ema (instance slow_ema), after_step: expected a status, found an "
            "exception of unknown type; report this to the plugin's author");
}

TEST_F(Guard, LeavesOutTheBacktraceOfLibTorchsErrors) {
  const std::string message = failure([]() -> std::int32_t {
    at::ones({2}) + at::ones({3});
    return KNACK_STATUS_OK;
  });
  EXPECT_EQ(message,
            "/p/ema.so: trick ema (instance slow_ema), after_step: expected a status, found the "
            "exception 'The size of tensor a (2) must match the size of tensor b (3) at "
            "non-singleton dimension 0'; report this to the plugin's author");
}

TEST_F(Guard, RefusesTensorsThatAreNone) {
  EXPECT_EQ(error_message(ExitCode::training,
                          [&] {
                            Call call(context, "loss");
                            call.take(static_cast<knack_tensor_t*>(nullptr));
                          }),
            "/p/ema.so: trick ema (instance slow_ema), loss: expected a tensor, found NULL; report "
            "this to the plugin's author");
}

TEST_F(Guard, KnowsWhoIsRunning) {
  InstanceContext other("/p/swa.so", "trick", "swa", "swa", services);
  EXPECT_EQ(Call::current(), nullptr);
  {
    Call outer(context, "eval_begin");
    outer.run([&] {
      Call inner(other, "forward");
      EXPECT_EQ(Call::current(), &inner);
      EXPECT_EQ(inner.previous(), &outer);
      EXPECT_STREQ(Call::current()->function(), "forward");
      std::thread([] { EXPECT_EQ(Call::current(), nullptr); }).join();
      return KNACK_STATUS_OK;
    });
    EXPECT_EQ(Call::current(), &outer);
  }
  EXPECT_EQ(Call::current(), nullptr);
}

TEST_F(Guard, GivesMemoryThatLivesAsLongAsTheCall) {
  EXPECT_EQ(context.table.allocate(&context.table, 8), nullptr) << "no call is in progress";
  Call outer(context, "state_save");
  auto* first = static_cast<char*>(context.table.allocate(&context.table, 100));
  ASSERT_NE(first, nullptr);
  EXPECT_EQ(reinterpret_cast<std::uintptr_t>(first) % 16, 0u);
  std::memset(first, 1, 100);
  {
    Call inner(context, "forward");
    auto* second = static_cast<char*>(context.table.allocate(&context.table, 100'000));
    ASSERT_NE(second, nullptr);
    std::memset(second, 2, 100'000);
  }
  EXPECT_EQ(first[99], 1);
}

TEST_F(Guard, RefusesMemoryThatNobodyHas) {
  Call call(context, "forward");
  EXPECT_EQ(context.table.allocate(&context.table, UINT64_MAX), nullptr);
  EXPECT_EQ(context.table.allocate(&context.table, std::uint64_t{1} << 40), nullptr);
}

TEST_F(Guard, ServesKnownExtensionsOnly) {
  const int table = 0;
  register_extension("knack.guard_test/1", &table);
  const auto get = context.table.get_extension;
  EXPECT_EQ(get(&context.table, "knack.guard_test/1"), &table);
  EXPECT_EQ(get(&context.table, "knack.guard_test/12"), nullptr);
  EXPECT_EQ(get(&context.table, nullptr), nullptr);
}

class CheckedGuard : public Guard {
 protected:
  CheckedGuard() {
    services.check_plugins = true;
  }

  std::string changed(const std::string& what) {
    return "/p/ema.so: trick ema (instance slow_ema), after_step: expected this thread's state "
           "left as it was, found " +
           what + "; report this to the plugin's author";
  }
};

TEST_F(CheckedGuard, PutsBackTheGradientMode) {
  const bool before = at::GradMode::is_enabled();
  EXPECT_EQ(failure([&] {
              at::GradMode::set_enabled(!before);
              return KNACK_STATUS_OK;
            }),
            changed(before ? "gradient mode off" : "gradient mode on"));
  EXPECT_EQ(at::GradMode::is_enabled(), before);
}

TEST_F(CheckedGuard, PutsBackTheDefaultRandomStream) {
  at::manual_seed(5);
  const double expected = at::rand({}).item<double>();
  at::manual_seed(5);
  EXPECT_EQ(failure([] {
              at::rand({10});
              return KNACK_STATUS_OK;
            }),
            changed("random numbers drawn from the default stream of cpu"));
  EXPECT_EQ(at::rand({}).item<double>(), expected);
}

TEST_F(CheckedGuard, PutsBackTheNumberOfThreads) {
  at::set_num_threads(2);
  EXPECT_EQ(failure([] {
              at::set_num_threads(1);
              return KNACK_STATUS_OK;
            }),
            changed("1 threads instead of 2"));
  EXPECT_EQ(at::get_num_threads(), 2);
}

TEST_F(CheckedGuard, PutsBackAutocast) {
  EXPECT_EQ(failure([] {
              at::autocast::set_autocast_enabled(at::kCPU, true);
              return KNACK_STATUS_OK;
            }),
            changed("another autocast on cpu"));
  EXPECT_FALSE(at::autocast::is_autocast_enabled(at::kCPU));
}

TEST_F(CheckedGuard, PutsBackWhatAFailingHookChanged) {
  const bool before = at::GradMode::is_enabled();
  EXPECT_EQ(failure([&] {
              at::GradMode::set_enabled(!before);
              return set_error(KNACK_STATUS_FAILED, "no weights");
            }),
            "/p/ema.so: trick ema (instance slow_ema), after_step: no weights");
  EXPECT_EQ(at::GradMode::is_enabled(), before);
}

TEST_F(CheckedGuard, LetsModelsDrawFromTheDefaultStream) {
  InstanceContext model("/p/resnet.so", "model", "resnet", "model", services);
  Call call(model, "forward");
  EXPECT_NO_THROW(call.run([] {
    at::rand({10});
    return KNACK_STATUS_OK;
  }));
}

}  // namespace
}  // namespace knack::host

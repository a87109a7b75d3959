// SPDX-License-Identifier: MIT
// Tricks as the host sees them: subscribed hooks, failures, state.
#include <gtest/gtest.h>
#include <knack/sdk/trick.hpp>
#include <knack/testing/fake_host.hpp>

#include <stdexcept>

namespace knack {
namespace {

class Counter : public Trick {
 public:
  static constexpr Info info{.id = "counter"};
  static constexpr std::uint32_t state_version = 2;

  void after_step(Context& context) override {
    if (context.stepped()) ++steps_;
    if (context.step() == 3) context.reply(Reply::stop_fit);
  }
  void save(StateWriter& state) const override {
    state.set("steps", steps_);
  }
  void load(const StateReader& state) override {
    steps_ = state.version() == 1 ? 0 : state["steps"].integer();
  }

 private:
  std::int64_t steps_ = 0;
};

class Failing final : public Trick {
 public:
  static constexpr Info info{.id = "failing"};
  struct Options {
    std::string how = "error";
    static void describe(OptionSpec<Options>& spec) {
      spec.add("how", &Options::how, "How it fails");
    }
  };
  Failing(const Options& options, Host host) : how_(options.how), host_(host) {
    if (how_ == "constructor") throw Error(KNACK_STATUS_DATA, "the constructor failed");
  }
  void fit_begin(Context& /*context*/) override {
    if (how_ == "error") throw Error(KNACK_STATUS_UNSUPPORTED, "cannot do this");
    if (how_ == "standard") throw std::runtime_error("standard text");
    if (how_ == "memory") throw std::bad_alloc();
    if (how_ == "extension") (void)host_.rng().uniform();
    throw 1;
  }

 private:
  std::string how_;
  Host host_;
};

// Inherits Counter's hook.
class Derived final : public Counter {
 public:
  void epoch_end(Context& /*context*/) override {}
};

constexpr detail::PluginFacts kFacts{"1.0.0", "", "MIT", "c", ""};
constexpr auto kManifest = detail::make_manifest<kFacts, Counter, Failing>();
constexpr knack_entry_t kEntry =
    detail::make_entry<Counter, Failing, Derived>(kManifest.data(), kManifest.size());

TEST(Trick, SubscribesToTheHooksItOverrides) {
  testing::FakeHost host;
  const auto trick = host.create<knack_trick_t>(kEntry, "counter");
  EXPECT_NE(trick->after_step, nullptr);
  EXPECT_EQ(trick->fit_begin, nullptr);
  EXPECT_EQ(trick->epoch_end, nullptr);
  EXPECT_NE(trick->head.state_save, nullptr);
  EXPECT_EQ(trick->head.struct_size, sizeof(knack_trick_t));
}

TEST(Trick, InheritedHooksAreSubscribedToo) {
  testing::FakeHost host;
  knack_instance_t* instance = nullptr;
  host.expect_ok(kEntry.create(2, host.abi(), nullptr, &instance));
  const testing::FakeHost::Instance<knack_trick_t> trick(
      reinterpret_cast<knack_trick_t*>(instance));
  EXPECT_NE(trick->after_step, nullptr);
  EXPECT_NE(trick->epoch_end, nullptr);
  EXPECT_EQ(trick->batch, nullptr);
}

TEST(Trick, AnswersThroughTheContext) {
  testing::FakeHost host;
  const auto trick = host.create<knack_trick_t>(kEntry, "counter");
  knack_hook_context_t context = testing::hook_context();
  context.step = 3;
  host.expect_ok(trick->after_step(trick.get(), &context));
  EXPECT_EQ(context.reply, KNACK_REPLY_STOP_FIT);
}

TEST(Context, TellsTheSamplesOfTheBatchWhereTheyAreKnown) {
  knack_hook_context_t abi = testing::hook_context();
  abi.batch_samples = 2;
  EXPECT_TRUE(Context(nullptr, &abi).batch_indices().empty());
  const std::int64_t indices[] = {7, 3};
  abi.batch_indices_borrowed = indices;
  const auto told = Context(nullptr, &abi).batch_indices();
  ASSERT_EQ(told.size(), 2U);
  EXPECT_EQ(told[1], 3);
}

TEST(Context, TellsWhetherAnEvaluationIsFinal) {
  knack_hook_context_t abi = testing::hook_context();
  EXPECT_FALSE(Context(nullptr, &abi).is_final());
  abi.is_final = 1;
  EXPECT_TRUE(Context(nullptr, &abi).is_final());
}

TEST(Trick, StateComesBack) {
  testing::FakeHost host;
  const auto trick = host.create<knack_trick_t>(kEntry, "counter");
  knack_hook_context_t context = testing::hook_context();
  context.stepped = 1;
  for (int i = 0; i < 5; ++i) host.expect_ok(trick->after_step(trick.get(), &context));

  std::uint32_t version = 0;
  knack_value_t state{};
  host.expect_ok(trick->head.state_save(&trick->head, &version, &state));
  EXPECT_EQ(version, 2U);
  EXPECT_EQ(testing::value_text(ValueView(&state)), R"({"steps": 5})");

  const auto other = host.create<knack_trick_t>(kEntry, "counter");
  host.expect_ok(other->head.state_load(&other->head, version, &state));
  knack_value_t again{};
  host.expect_ok(other->head.state_save(&other->head, &version, &again));
  EXPECT_EQ(testing::value_text(ValueView(&again)), R"({"steps": 5})");
}

TEST(Trick, RefusesStateOfALaterVersionAndStateThatLacksSomething) {
  testing::FakeHost host;
  const auto trick = host.create<knack_trick_t>(kEntry, "counter");
  const knack_value_t empty = Value::map({}).lend(host.abi());
  host.expect_ok(trick->head.state_load(&trick->head, 1, &empty));
  EXPECT_EQ(trick->head.state_load(&trick->head, 2, &empty), KNACK_STATUS_FAILED);
  EXPECT_EQ(host.error, "the saved state has no \"steps\"");
  EXPECT_EQ(trick->head.state_load(&trick->head, 3, &empty), KNACK_STATUS_UNSUPPORTED);
  EXPECT_EQ(host.error,
            "the state has version 3, this plugin reads up to 2; use the plugin that saved it");
}

struct Failure {
  std::string how;
  std::int32_t status;
  std::string text;
};

void PrintTo(const Failure& failure, std::ostream* out) {
  *out << failure.how;
}

class FailingHook : public ::testing::TestWithParam<Failure> {};

TEST_P(FailingHook, BecomesAStatusAndAText) {
  testing::FakeHost host;
  host.hide(KNACK_EXT_RNG);
  const auto trick = host.create<knack_trick_t>(kEntry, "failing", {{"how", GetParam().how}});
  knack_hook_context_t context = testing::hook_context();
  EXPECT_EQ(trick->fit_begin(trick.get(), &context), GetParam().status);
  EXPECT_EQ(host.error, GetParam().text);
}

INSTANTIATE_TEST_SUITE_P(
    Ways, FailingHook,
    ::testing::Values(Failure{"error", KNACK_STATUS_UNSUPPORTED, "cannot do this"},
                      Failure{"standard", KNACK_STATUS_FAILED, "standard text"},
                      Failure{"memory", KNACK_STATUS_NO_MEMORY, "out of memory"},
                      Failure{"extension", KNACK_STATUS_UNSUPPORTED,
                              "this host has no knack.rng/1; use a knack release that has it"},
                      Failure{"integer", KNACK_STATUS_FAILED,
                              "threw something that is no std::exception"}),
    [](const auto& info) { return info.param.how; });

TEST(Entry, AFailingConstructorBecomesAStatusAndAText) {
  testing::FakeHost host;
  const knack_value_t options = Value(Value::Map{{"how", "constructor"}}).lend(host.abi());
  knack_instance_t* instance = nullptr;
  EXPECT_EQ(kEntry.create(1, host.abi(), &options, &instance), KNACK_STATUS_DATA);
  EXPECT_EQ(host.error, "the constructor failed");
  EXPECT_EQ(instance, nullptr);
}

TEST(Entry, HasNoDescriptorBeyondTheLast) {
  EXPECT_STREQ(kEntry.descriptor(0)->kind, "trick");
  EXPECT_EQ(kEntry.descriptor(0)->schema_json, nullptr);
  EXPECT_NE(kEntry.descriptor(1)->schema_json, nullptr);
  EXPECT_EQ(kEntry.descriptor(3), nullptr);
}

}  // namespace
}  // namespace knack

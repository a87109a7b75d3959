// SPDX-License-Identifier: MIT
// FakeHost injects failures, plays hosts of other minors and notices leaks.
#include <gmock/gmock.h>
#include <knack/sdk/trick.hpp>
#include <knack/testing/drive.hpp>

namespace knack::testing {
namespace {

using ::testing::HasSubstr;

/// A set that follows the live weights every few steps.
class Follower final : public Trick {
 public:
  static constexpr Info info{.id = "follower"};
  struct Options {
    std::int64_t every = 2;
    std::string publish = "slow";
    bool forgets = false;
    static void describe(OptionSpec<Options>& spec) {
      spec.add("every", &Options::every, "Steps between updates").at_least(1);
      spec.add("publish", &Options::publish, "Name of the set");
      spec.add("forgets", &Options::forgets, "Does not save how far it is");
    }
  };
  Follower(const Options& options, Host host) : options_(options), host_(host) {}

  void fit_begin(Context& /*context*/) override {
    slow_ = host_.weights().publish(options_.publish);
  }
  void after_step(Context& context) override {
    if (!context.stepped() || ++steps_ % options_.every != 0) return;
    const WeightSet live = host_.weights().live();
    for (std::int64_t i = 0; i < slow_.size(); ++i) {
      if (slow_[i].is_floating()) slow_[i].tensor().lerp_(live[i].tensor(), 0.5);
    }
    host_.log().debug("followed");
  }
  void save(StateWriter& state) const override {
    state.set("steps", options_.forgets ? 0 : steps_);
    state.set("tensor", Tensor::zeros({2}));
  }
  void load(const StateReader& state) override {
    steps_ = state["steps"].integer();
  }

 private:
  Options options_;
  Host host_;
  WeightSet slow_;
  std::int64_t steps_ = 0;
};

/// Does one wrong thing, in plain C as a plugin of any language might.
struct Careless {
  knack_trick_t abi{};
  const knack_host_t* host = nullptr;
  knack_tensor_t* kept = nullptr;
};
Careless& careless_of(knack_trick_t* trick) {
  return *static_cast<Careless*>(trick->head.self);
}

constexpr knack::detail::PluginFacts kFacts{"1.0.0", "", "MIT", "c", ""};
constexpr auto kManifest = knack::detail::make_manifest<kFacts, Follower>();
constexpr knack_entry_t kEntry =
    knack::detail::make_entry<Follower>(kManifest.data(), kManifest.size());

template <typename Function>
std::string failure_of(Function&& function) {
  try {
    function();
  } catch (const std::exception& failure) {
    return failure.what();
  }
  return "nothing was thrown";
}

class FakeHostTest : public ::testing::Test {
 protected:
  std::string run(std::int64_t steps = 8) {
    return failure_of([&] {
      const auto trick = host_.create<knack_trick_t>(kEntry, "follower");
      ToyFit(host_, *trick).run(steps);
    });
  }

  FakeHost host_;
};

TEST_F(FakeHostTest, LeavesNoHandlesBehind) {
  EXPECT_EQ(run(60), "nothing was thrown");
  EXPECT_EQ(host_.live_handles(), 0);
  EXPECT_EQ(host_.log.size(), 30U);
  EXPECT_EQ(host_.calls.at("aten::lerp_.Scalar"), 30 * 6);
  EXPECT_EQ(host_.calls.at("knack.weights/1 publish"), 1);
}

TEST_F(FakeHostTest, FailsTheNextCallOnce) {
  host_.fail_next(KNACK_EXT_WEIGHTS, "publish");
  EXPECT_EQ(run(), "fit_begin: knack.weights/1 publish: fails because the test says so");
  EXPECT_EQ(host_.live_handles(), 0);
  host_.fail_next(KNACK_EXT_ATEN, "call", KNACK_STATUS_NO_MEMORY);
  FakeHost other;
  EXPECT_EQ(host_.calls.count("aten::add.Tensor"), 0U);
}

TEST_F(FakeHostTest, FailsEachSoManyCalls) {
  host_.fail_every(KNACK_EXT_ATEN, "call", 7);
  EXPECT_THAT(run(), HasSubstr("after_step: knack.aten/1 call: fails"));
  EXPECT_EQ(host_.calls.at("knack.aten/1 call"), 7);
  EXPECT_EQ(host_.live_handles(), 0);
}

TEST_F(FakeHostTest, StopsFailing) {
  host_.fail_every(KNACK_EXT_WEIGHTS, "find", 1);
  host_.stop_failing();
  EXPECT_EQ(run(), "nothing was thrown");
}

TEST_F(FakeHostTest, EachServiceThatFailsEndsTheHookAndLeaksNothing) {
  for (const std::string_view service : kServices) {
    const std::size_t space = service.find(' ');
    for (const std::int64_t nth : {1, 2, 5}) {
      FakeHost host;
      host.fail_every(service.substr(0, space), service.substr(space + 1), nth);
      const std::string failure = failure_of([&] {
        const auto trick = host.create<knack_trick_t>(kEntry, "follower");
        ToyFit fit(host, *trick);
        fit.run(3);
        const ToyState state = fit.state();
      });
      const auto called = host.calls.find(std::string(service));
      const bool was_due = called != host.calls.end() && called->second >= nth;
      EXPECT_EQ(failure != "nothing was thrown", was_due) << service << ": " << failure;
      EXPECT_EQ(host.live_handles(), 0) << service;
    }
  }
}

TEST_F(FakeHostTest, RefusesToFailWhatCannot) {
  EXPECT_THROW(host_.fail_next("knack.weights/1", "publsh"), std::invalid_argument);
  EXPECT_THROW(host_.fail_next("knack.log/1", "write"), std::invalid_argument);
}

TEST_F(FakeHostTest, HidesExtensions) {
  host_.hide(KNACK_EXT_WEIGHTS);
  EXPECT_EQ(run(), "fit_begin: this host has no knack.weights/1; use a knack release that has it");
  EXPECT_EQ(host_.abi()->get_extension(host_.abi(), "knack.autograd/1"), nullptr);
}

TEST_F(FakeHostTest, PretendsToBeOfAnotherMinor) {
  host_.pretend_minor(0);
  EXPECT_EQ(host_.abi()->abi_minor, 0U);
  EXPECT_EQ(run(), "nothing was thrown");
  knack_entry_t demanding = kEntry;
  demanding.abi_minor_needed = 3;
  EXPECT_EQ(failure_of([&] { (void)host_.create<knack_trick_t>(demanding, "follower"); }),
            "the plugin needs ABI minor 3, this host has 0");
}

TEST_F(FakeHostTest, GivesStructsOfOtherSizes) {
  host_.set_table_size(sizeof(knack_host_t) + 40);
  host_.set_struct_size<knack_hook_context_t>(sizeof(knack_hook_context_t) + 24);
  host_.set_struct_size<knack_weight_t>(sizeof(knack_weight_t) + 8);
  EXPECT_EQ(host_.abi()->struct_size, sizeof(knack_host_t) + 40);
  EXPECT_EQ(run(), "nothing was thrown");
}

TEST_F(FakeHostTest, FillsNoMoreThanAnEarlierMinorKnows) {
  constexpr std::uint32_t kSize = offsetof(knack_weight_t, role);
  host_.set_struct_size<knack_weight_t>(kSize);
  const auto trick = host_.create<knack_trick_t>(kEntry, "follower");
  ToyFit fit(host_, *trick);
  const auto* api = static_cast<const knack_weights_api_t*>(
      host_.abi()->get_extension(host_.abi(), KNACK_EXT_WEIGHTS));
  knack_weight_set_t* live = nullptr;
  host_.expect_ok(api->find(host_.abi(), fake::lend_text("live"), &live));
  knack_weight_t weight{};
  weight.struct_size = sizeof(weight);
  host_.expect_ok(api->get(host_.abi(), live, 0, &weight));
  EXPECT_EQ(weight.struct_size, kSize);
  EXPECT_EQ(fake::text_of(weight.name), "fc.weight");
  EXPECT_FALSE(KNACK_HAS(&weight, knack_weight_t, tensor_borrowed));
  EXPECT_EQ(reinterpret_cast<unsigned char*>(&weight.tensor_borrowed)[0], kPoison);
}

TEST_F(FakeHostTest, NoticesWritesBehindTheStructsItGives) {
  constexpr std::uint32_t kSize = offsetof(knack_hook_context_t, request_micro_batches);
  host_.set_struct_size<knack_hook_context_t>(kSize);
  Careless careless;
  careless.abi.head.self = &careless;
  careless.abi.window_begin = [](knack_trick_t*, knack_hook_context_t* context) -> std::int32_t {
    context->request_micro_batches = 4;  // without KNACK_HAS
    return KNACK_STATUS_OK;
  };
  ToyFit fit(host_, careless.abi);
  EXPECT_THAT(failure_of([&] { fit.run(1); }), HasSubstr("test fields with KNACK_HAS first"));
}

TEST_F(FakeHostTest, NoticesWrongReleasesAndBorrowedHandlesThatWereKept) {
  Careless careless;
  careless.abi.head.self = &careless;
  careless.abi.batch = [](knack_trick_t* trick, knack_hook_context_t* context) -> std::int32_t {
    careless_of(trick).kept = context->inputs_borrowed->as.tensor;
    return KNACK_STATUS_OK;
  };
  careless.abi.after_step = [](knack_trick_t* trick, knack_hook_context_t*) -> std::int32_t {
    knack_tensor_info_t info{};
    info.struct_size = sizeof(info);
    return fake_tensor_api().describe(careless_of(trick).kept, &info);
  };
  ToyFit fit(host_, careless.abi);
  EXPECT_THAT(failure_of([&] { fit.run(1); }), HasSubstr("was borrowed for a call that is over"));

  careless.abi.forward = [](knack_trick_t*, knack_hook_context_t* context) -> std::int32_t {
    fake_tensor_api().release(context->outputs_borrowed->as.tensor);
    return KNACK_STATUS_OK;
  };
  EXPECT_THAT(failure_of([&] { fit.run(1); }), HasSubstr("handle that it does not own"));
}

TEST_F(FakeHostTest, NoticesAStatusWithoutText) {
  Careless careless;
  careless.abi.fit_begin = [](knack_trick_t*, knack_hook_context_t*) -> std::int32_t {
    return KNACK_STATUS_DATA;
  };
  ToyFit fit(host_, careless.abi);
  EXPECT_THAT(failure_of([&] { fit.begin(); }), HasSubstr("without a text, which is a defect"));
}

TEST_F(FakeHostTest, CompletesOptionsAndRefusesUnknownOnes) {
  EXPECT_EQ(
      failure_of([&] { (void)host_.create<knack_trick_t>(kEntry, "follower", {{"evry", 3}}); }),
      "the plugin has no option \"evry\"");
  EXPECT_THAT(
      failure_of([&] { (void)host_.create<knack_trick_t>(kEntry, "follower", {{"every", 0}}); }),
      HasSubstr("every"));
  EXPECT_EQ(failure_of([&] { (void)host_.create<knack_model_t>(kEntry, "follower"); }),
            "the plugin has no model \"follower\"");
  Value::Map options{{"b", 5}};
  add_defaults(options, R"({"type": "object", "properties": {
    "a": {"type": "number", "default": -2.5e1}, "b": {"default": 1}, "c": {"type": "string"},
    "d": {"default": ["x\n", true, null, {"y": 3}]}}})");
  const knack_value_t map = Value(std::move(options)).lend(host_.abi());
  EXPECT_EQ(value_text(ValueView(&map)),
            R"({"b": 5, "a": -25, "d": ["x\u000a", true, null, {"y": 3}]})");
}

TEST_F(FakeHostTest, ResumesTricksAndFindsThoseThatForget) {
  for (const std::int64_t steps : {0, 1, 6, 9, 60}) {
    const Comparison same = resume_equals_unbroken(kEntry, "follower", {{"every", 4}}, steps);
    EXPECT_TRUE(same) << same.difference;
  }
  const Comparison other =
      resume_equals_unbroken(kEntry, "follower", {{"every", 4}, {"forgets", true}}, 9);
  EXPECT_FALSE(other);
  EXPECT_THAT(other.difference, HasSubstr("weight set \"slow\""));
}

TEST_F(FakeHostTest, ShowsWhatATrickSaves) {
  const auto trick = host_.create<knack_trick_t>(kEntry, "follower");
  ToyFit fit(host_, *trick);
  fit.run(3);
  EXPECT_EQ(fit.state()["steps"].integer(), 3);
  EXPECT_EQ(fit.state().text(), R"({"steps": 3, "tensor": <tensor>})");
}

}  // namespace
}  // namespace knack::testing

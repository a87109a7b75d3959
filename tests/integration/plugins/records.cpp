// SPDX-License-Identifier: MIT
// Tells in the summary what the hooks were told, and the order in which instances are called.
#include <knack/sdk/trick.hpp>

#include <map>

namespace {

std::int64_t calls_of_all_instances = 0;

class Records final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "records", .summary = "A fixture."};

  explicit Records(knack::Host host) : host_(host) {}

  void fit_begin(knack::Context& /*context*/) override {
    order_["fit_begin"] = ++calls_of_all_instances;
    host_.weights().live().save("initial.safetensors");
  }
  void batch(knack::Context& context) override {
    order_["batch"] = ++calls_of_all_instances;
    note("batch.micro_batch", context.micro_batch());
    note("batch.samples_seen", context.samples_seen());
  }
  void forward(knack::Context& context) override {
    order_["forward"] = ++calls_of_all_instances;
    note("forward.micro_batch", context.micro_batch());
    note("forward.samples_seen", context.samples_seen());
  }
  void gradients(knack::Context& /*context*/) override {
    order_["gradients"] = ++calls_of_all_instances;
  }
  void before_step(knack::Context& /*context*/) override {
    order_["before_step"] = ++calls_of_all_instances;
  }
  void after_step(knack::Context& context) override {
    order_["after_step"] = ++calls_of_all_instances;
    note("after_step.stepped", context.stepped() ? 1 : 0);
    note("after_step.step", context.step());
    note("after_step.micro_batch", context.micro_batch());
    host_.metrics().report("seconds", -1.0);
  }
  void eval_begin(knack::Context& /*context*/) override {
    order_["eval_begin"] = ++calls_of_all_instances;
  }
  void eval_end(knack::Context& /*context*/) override {
    order_["eval_end"] = ++calls_of_all_instances;
  }
  void epoch_end(knack::Context& context) override {
    order_["epoch_end"] = ++calls_of_all_instances;
    note("epoch_end.epoch", context.epoch());
  }
  void fit_end(knack::Context& /*context*/) override {
    order_["fit_end"] = ++calls_of_all_instances;
    for (const auto& [name, numbers] : noted_) {
      host_.metrics().summarize(name, knack::Value::list_of(numbers));
    }
    for (const auto& [hook, place] : order_) host_.metrics().summarize("order." + hook, place);
  }

 private:
  void note(const std::string& name, std::int64_t number) {
    noted_[name].push_back(number);
  }

  knack::Host host_;
  std::map<std::string, std::vector<std::int64_t>> noted_;
  std::map<std::string, std::int64_t> order_;  // of the latest call of each hook
};

}  // namespace

KNACK_PLUGIN("1.0.0", Records)

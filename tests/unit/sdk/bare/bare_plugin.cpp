// SPDX-License-Identifier: MIT
// A trick built with -fno-exceptions -fno-rtti, whose hooks fail in many ways and go on regardless.
#include <knack/sdk/functional.hpp>
#include <knack/sdk/norm_statistics.hpp>
#include <knack/sdk/trick.hpp>

namespace {

using knack::Tensor;

class Bare final : public knack::Trick {
 public:
  static constexpr knack::Info info{.id = "acme.bare"};
  struct Options {
    std::string how = "nothing";
    std::int64_t limited = 1;
    static void describe(knack::OptionSpec<Options>& spec) {
      spec.add("how", &Options::how, "How it fails");
      spec.add("limited", &Options::limited, "1 to 3").in_range(1, 3);
    }
  };

  Bare(const Options& options, knack::Host host) : how_(options.how), host_(host) {
    kept_ = Tensor::zeros({2});
    if (how_ == "constructor") knack::fail(KNACK_STATUS_DATA, "the constructor failed");
  }

  void fit_begin(knack::Context& context) override {
    if (how_ == "own") knack::fail(KNACK_STATUS_UNSUPPORTED, "cannot do this");
    if (how_ == "operator") (void)Tensor::zeros({2, 3}).matmul(Tensor::zeros({2, 3}));
    if (how_ == "unknown operator") (void)knack::Operator("aten::no_such_operator")(kept_);
    if (how_ == "undefined") (void)Tensor().dim();
    if (how_ == "data") (void)kept_.data<double>();
    if (how_ == "extension") (void)host_.rng().uniform();
    if (how_ == "mistyped") (void)context.inputs()["images"].tensor();
    if (how_ == "service") (void)host_.weights().find("no such set");
    if (how_ == "callback") {
      host_.data().pass(1, [](auto, auto, auto) { knack::fail(KNACK_STATUS_DATA, "bad batch"); });
    }
    go_on(context);
  }
  void after_step(knack::Context& context) override {
    if (!knack::failed()) context.reply(knack::Reply::stop_fit);
  }
  void save(knack::StateWriter& state) const override {
    state.set("kept", kept_);
    if (how_ == "save") knack::fail("cannot be saved");
  }
  void load(const knack::StateReader& state) override {
    kept_ = state["kept"].tensor();
    (void)state["more"][0]["deeper"].number();
  }

 private:
  /// After a failure all of this does nothing, and a later failure is not the one told.
  void go_on(knack::Context& context) {
    Tensor x = kept_ + 1;
    x.add_(kept_).mul_(2);
    (void)x.sum().item();
    for (const knack::Param& param : host_.params()) (void)param.tensor().dtype();
    host_.metrics().report("x", 1);
    host_.log().debug("still here");
    knack::estimate_norm_statistics(host_, 1);
    context.replace_loss(x);
    knack::fail(KNACK_STATUS_FAILED, "the last failure");
  }

  std::string how_;
  knack::Host host_;
  Tensor kept_;
};

}  // namespace

KNACK_PLUGIN("1.0.0", Bare)

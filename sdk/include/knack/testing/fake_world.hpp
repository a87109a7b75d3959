// SPDX-License-Identifier: MIT
// What the services of the fake host work on. Part of fake_host.hpp.
#pragma once

#include <knack/abi/ext/log.h>
#include <knack/testing/fake_values.hpp>
#include <knack/testing/fake_weights.hpp>

#include <functional>
#include <set>

namespace knack::testing {

/// A normalization layer; its statistics are the buffers "<name>.running_mean", "<name>.running_var"
/// and "<name>.num_batches_tracked", where there are such.
struct FakeNormLayer {
  std::string name;
  double momentum = 0.1;
  bool is_training = true;
};

struct LogLine {
  std::uint32_t level;  ///< KNACK_LOG_*
  std::string text;
};

struct SetOption {
  std::string param;
  std::string option;
  double value;
  std::string reason;
};

struct Fact {
  std::string key;
  std::string text;  ///< the value as JSON
};

/// A file that was saved: tensors by name.
using FakeFile = std::map<std::string, FakeTensor>;

/// What only a fit in progress can do. All of it may throw Error.
class FakeRun {
 public:
  using BatchCallback = std::function<void(const OwnedValue& inputs, const OwnedValue& targets,
                                           std::int64_t samples)>;
  using InputCallback = std::function<void(std::int64_t layer, const FakeTensor& input)>;

  virtual ~FakeRun() = default;
  virtual OwnedValue evaluate(FakeWeightSet& set) = 0;
  [[nodiscard]] virtual std::int64_t train_samples() const = 0;
  virtual std::int64_t pass(std::int64_t samples, const BatchCallback& on_batch) = 0;
  virtual std::int64_t observe(std::int64_t samples, const InputCallback& on_input) = 0;
  /// NULL when the parameter has none.
  virtual knack_tensor_t* gradient(std::size_t param) = 0;
  [[nodiscard]] virtual std::size_t group_count() const = 0;
  virtual double& group_option(std::size_t group, std::string_view option) = 0;
  /// Whether options of parameters may be set: in fit_begin alone.
  [[nodiscard]] virtual bool takes_options() const = 0;
};

class FakeWorld : public FakeLedger {
 public:
  // What the plugin sees. ToyFit fills the first three.
  std::vector<FakeParam> params;
  std::vector<FakeBuffer> buffers;
  std::vector<FakeNormLayer> norm_layers;

  // What the plugin did.
  std::vector<LogLine> log;
  std::vector<SetOption> set_options;
  std::vector<Fact> facts;                ///< given to summarize
  std::vector<Fact> reports;              ///< given to report
  std::map<std::string, FakeFile> files;  ///< saved and not removed, by path

  FakeWeightStore weights{params, buffers};

  static FakeWorld& of(const knack_host_t* host) {
    return *static_cast<FakeWorld*>(host->host_data);
  }

  /// From now on the host does not have the extension, as one of an earlier minor.
  void hide(std::string_view extension) {
    hidden_.emplace(extension);
  }
  [[nodiscard]] bool hides(std::string_view extension) const {
    return hidden_.find(extension) != hidden_.end();
  }

  /// Keeps a tree without tensors until the host is gone, for a plugin that is given it.
  const knack_value_t& keep(OwnedValue value) {
    return *kept_.emplace_back(std::move(value)).abi();
  }

  void set_run(FakeRun* run) {
    run_ = run;
  }
  [[nodiscard]] FakeRun& run() const {
    if (run_ == nullptr) {
      throw Error(KNACK_STATUS_UNSUPPORTED, "no fit is in progress; make a ToyFit");
    }
    return *run_;
  }
  [[nodiscard]] FakeRun* find_run() const {
    return run_;
  }

 private:
  std::set<std::string, std::less<>> hidden_;
  std::deque<OwnedValue> kept_;
  FakeRun* run_ = nullptr;
};

}  // namespace knack::testing

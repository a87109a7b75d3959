// SPDX-License-Identifier: MIT
#include "host/train/thread_choice.hpp"

#include <ATen/ATen.h>
#include <ATen/Parallel.h>
#include <ATen/record_function.h>
#include <torch/csrc/profiler/util.h>

#include <string>

#include "host/train/keepers.hpp"

namespace knack::host {
namespace {

// Below this many operations a convolution or matrix product takes some 0.2 ms, and waiting for a
// second thread costs what that saves, more so on a busy machine (bench/threads.py).
constexpr double kOperationsWorthSharing = 24e6;

struct Tally {
  double operations = 0.0;
  double calls = 0.0;
};

thread_local Tally* current_tally = nullptr;

std::unique_ptr<at::ObserverContext> on_operator(const at::RecordFunction& call) {
  namespace profiler = torch::profiler::impl;
  const std::uint64_t operations =
      profiler::computeFlops(call.name(), profiler::saveExtraArgs(call));
  if (operations > 0) {
    current_tally->operations += static_cast<double>(operations);
    current_tally->calls += 1.0;
  }
  return nullptr;
}

}  // namespace

int suitable_threads(Model& model, const Value& inputs, double scale) {
  const at::NoGradGuard no_grad;
  const RandomStreamKeeper random_stream;
  const EvaluationMode evaluation(model);
  Tally tally;
  current_tally = &tally;
  const at::CallbackHandle handle =
      at::addThreadLocalCallback(at::RecordFunctionCallback(&on_operator)
                                     .needsInputs(true)
                                     .scopes({at::RecordScope::FUNCTION}));
  try {
    model.forward(inputs);
  } catch (...) {
    at::removeCallback(handle);
    throw;
  }
  at::removeCallback(handle);
  const bool small = tally.operations * scale < kOperationsWorthSharing * tally.calls;
  return small ? 1 : at::get_num_threads();
}

}  // namespace knack::host

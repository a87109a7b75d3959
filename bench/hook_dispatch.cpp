// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>

#include <cstdio>

#include "bench/benchmarks.hpp"
#include "bench/plugins_under_test.hpp"
#include "host/train/hooks.hpp"

namespace knack::bench {
namespace {

using host::Hook;
using host::Hooks;
using host::MicroBatch;
using host::Trick;

/// Lets the instance be called past the host's guard.
class BareTrick : public Trick {
 public:
  using Trick::Trick;
  knack_trick_t* abi() const {
    return as<knack_trick_t>();
  }
};

knack_hook_context_t empty_context() {
  knack_hook_context_t context{};
  context.struct_size = sizeof(context);
  return context;
}

Hooks hooks_with(int tricks) {
  std::vector<Trick> made;
  for (int i = 0; i < tricks; ++i) made.push_back(make<Trick>("bench.no_op"));
  return Hooks(std::move(made));
}

void report(const char* name, const Effort& effort, const std::function<void()>& call) {
  const int calls = effort.smoke ? 100 : 200'000;
  std::vector<double> times;
  for (int round = 0; round < effort.rounds; ++round) {
    const double time = seconds([&] {
      for (int i = 0; i < calls; ++i) call();
    });
    times.push_back(1e9 * time / calls);
  }
  const Quartiles found = quartiles(times);
  std::printf("%-52s %8.1f  [%.1f %.1f]\n", name, found.median, found.lower, found.upper);
  std::fflush(stdout);
}

}  // namespace

void hook_dispatch(const Effort& effort) {
  std::printf("\n%-52s %8s  [quartiles]\n", "hook_dispatch", "ns");
  knack_hook_context_t context = empty_context();
  MicroBatch batch;
  batch.inputs = at::zeros({1});
  batch.targets = at::zeros({1}, at::kLong);
  batch.outputs = at::zeros({1});

  const BareTrick bare = make<BareTrick>("bench.no_op");
  knack_trick_t* const abi = bare.abi();
  report("through the function pointer alone", effort, [&] { abi->after_step(abi, &context); });
  Hooks none = hooks_with(0);
  report("Hooks, nobody listens", effort, [&] { none.call(Hook::after_step, context); });
  Hooks one = hooks_with(1);
  report("Hooks, one trick", effort, [&] { one.call(Hook::after_step, context); });
  report("Hooks, one trick that is shown the batch", effort,
         [&] { one.call(Hook::forward, context, &batch); });
  Hooks five = hooks_with(5);
  report("Hooks, five tricks", effort, [&] { five.call(Hook::after_step, context); });
}

}  // namespace knack::bench

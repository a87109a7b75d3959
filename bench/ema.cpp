// SPDX-License-Identifier: MIT
#include <ATen/ATen.h>
#include <ATen/Parallel.h>

#include <cstring>
#include <optional>

#include "bench/benchmarks.hpp"
#include "bench/plugins_under_test.hpp"
#include "host/train/fit.hpp"

namespace knack::bench {
namespace {

/// ResNet-50, of 25.6 million parameters in 161 tensors, with an average of them.
host::Recipe resnet50_with_ema(bool smoke) {
  host::Recipe recipe;
  const auto use = [](const char* id, host::Json options = host::Json::object()) {
    host::Section section;
    section.use = section.name = id;
    section.options = std::move(options);
    return section;
  };
  recipe.model = use(smoke ? "resnet20" : "resnet50");
  recipe.train.dataset = use("synthetic", {{"samples", 1}});
  recipe.valid.dataset = use("synthetic", {{"samples", 1}});
  recipe.train.loader.workers = recipe.valid.loader.workers = 0;
  recipe.objective = use("cross_entropy");
  recipe.optimizer = use("sgd");
  recipe.tricks = {use("ema", {{"decay", 0.999}})};
  recipe.trainer.device = "cpu";
  recipe.trainer.threads = at::get_num_threads();
  return recipe;
}

/// Copies `bytes`, shared among LibTorch's threads.
void copy(void* target, const void* source, std::int64_t bytes) {
  at::parallel_for(0, bytes, 1 << 16, [&](std::int64_t begin, std::int64_t end) {
    std::memcpy(static_cast<char*>(target) + begin, static_cast<const char*>(source) + begin,
                static_cast<std::size_t>(end - begin));
  });
}

}  // namespace

void ema(const Effort& effort) {
  const host::Recipe recipe = resnet50_with_ema(effort.smoke);
  host::HostServices services;
  plugins();
  host::Fit fit(recipe, plugins(), services, /*folder=*/nullptr);
  fit.begin();

  const host::WeightSet& live = fit.weights().live();
  const host::WeightSet& average = *fit.weights().find("ema");
  std::int64_t step = 0;
  const auto update = [&] {
    knack_hook_context_t context = fit.loop().context();
    context.stepped = 1;
    context.step = ++step;
    context.total_steps = 1'000'000;
    fit.hooks().call(host::Hook::after_step, context);
  };
  const auto copy_each = [&] {
    for (std::size_t i = 0; i < live.tensors.size(); ++i) {
      const auto bytes = static_cast<std::int64_t>(live.tensors[i].nbytes());
      copy(average.tensors[i].mutable_data_ptr(), live.tensors[i].const_data_ptr(), bytes);
    }
  };

  print_heading("ema, update / memcpy of the live weights");
  const int threads = at::get_num_threads();
  for (const int count : {1, threads}) {
    at::set_num_threads(count);
    compare({recipe.model.use + ", " + std::to_string(count) + " threads", update, copy_each, 1.1},
            effort);
    if (count == threads) break;
  }
  at::set_num_threads(threads);
}

}  // namespace knack::bench

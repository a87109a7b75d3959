// SPDX-License-Identifier: MIT
#include "host/explain/run_numbers.hpp"

#include <ATen/ATen.h>

#include <algorithm>

#include "host/data/sampler.hpp"

namespace knack::host {
namespace {

std::int64_t batches(std::int64_t samples, const LoaderOptions& loader) {
  return Sampler(
             {.samples = samples, .batch_size = loader.batch_size, .drop_last = loader.drop_last})
      .batches_per_epoch();
}

}  // namespace

RunNumbers run_numbers(const Recipe& recipe, Fit& fit, const Rehearsal& rehearsal) {
  const FitParts& parts = fit.parts();
  const LoaderOptions& loader = recipe.train.loader;
  RunNumbers n;
  n.train_samples = parts.train.source->length();
  n.valid_samples = parts.valid.source->length();
  n.test_samples = parts.test ? parts.test->source->length() : 0;
  n.batch_size = loader.batch_size;
  n.micro_batches_per_epoch = batches(n.train_samples, loader);
  n.samples_per_epoch =
      loader.drop_last ? n.micro_batches_per_epoch * n.batch_size : n.train_samples;
  n.window_asker = rehearsal.window_asker();
  n.window_asked = rehearsal.window();
  n.window = std::clamp<std::int64_t>(n.micro_batches_per_epoch, 1, n.window_asked);
  n.effective_batch = std::min(n.batch_size * n.window, n.samples_per_epoch);
  n.steps_per_epoch = (n.micro_batches_per_epoch + n.window - 1) / n.window;
  n.last_step_samples = n.samples_per_epoch - (n.steps_per_epoch - 1) * n.effective_batch;
  n.epochs = recipe.trainer.epochs;
  n.total_steps = n.epochs * n.steps_per_epoch;
  n.evaluated_sets = rehearsal.evaluated_sets();
  n.valid_batches = batches(n.valid_samples, recipe.valid.loader);
  for (const ModelTensor& entry : fit.weights().model_tensors()) {
    std::int64_t& elements =
        entry.is_buffer ? n.buffers : (entry.tensor.requires_grad() ? n.trained : n.frozen);
    elements += entry.tensor.numel();
  }
  return n;
}

}  // namespace knack::host

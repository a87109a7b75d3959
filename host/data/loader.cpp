// SPDX-License-Identifier: MIT
#include "host/data/loader.hpp"

#include <ATen/Parallel.h>
#include <ATen/core/grad_mode.h>

#include "host/common/alternate_stack.hpp"

namespace knack::host {
namespace {

SamplerOptions sampler_options(const BatchSource& source, const LoaderSettings& options) {
  return {.samples = source.length(),
          .batch_size = options.batch_size,
          .shuffle = options.shuffle,
          .drop_last = options.drop_last,
          .seed = options.seed,
          .limit = options.limit};
}

/// Limits LibTorch to one thread where it lives.
class OneThread {
 public:
  OneThread() : before_(at::get_num_threads()) {
    set(1);
  }
  OneThread(const OneThread&) = delete;
  OneThread& operator=(const OneThread&) = delete;
  ~OneThread() {
    set(before_);
  }

 private:
  // Even to the count there is, at::set_num_threads() slows the step that follows: by 8% on small
  // networks (bench/step_overhead).
  static void set(int threads) {
    if (threads != at::get_num_threads()) at::set_num_threads(threads);
  }

  int before_;
};

}  // namespace

Loader::Loader(BatchSource& source, const LoaderSettings& options)
    : source_(source), options_(options), sampler_(sampler_options(source, options)) {
  if (options.workers <= 0) return;
  const auto workers = static_cast<std::size_t>(options.workers);
  slots_.resize(kReadAhead * workers);
  // at::set_num_threads() sets the count of the calling thread, and that of threads to come. So
  // each worker limits itself, and when all have, this thread puts back what later threads start
  // with.
  const int threads = at::get_num_threads();
  reading_ = options.workers;
  for (std::size_t i = 0; i < workers; ++i) {
    workers_.emplace_back([this](const std::stop_token& stop) { work(stop); });
  }
  std::unique_lock lock(mutex_);
  work_done_.wait(lock, [this] { return reading_ == 0; });
  at::set_num_threads(threads);
}

Loader::~Loader() {
  for (std::jthread& worker : workers_) worker.request_stop();
}

void Loader::start_epoch(std::int64_t epoch, std::int64_t first_batch) {
  std::unique_lock lock(mutex_);
  end_ = 0;
  work_done_.wait(lock, [this] { return reading_ == 0; });
  for (Slot& slot : slots_) slot = Slot();
  if (order_.empty() || options_.shuffle) order_ = sampler_.order(epoch);
  epoch_ = epoch;
  claimed_ = first_batch;
  delivered_ = first_batch;
  end_ = batches_per_epoch();
  work_available_.notify_all();
}

std::optional<Batch> Loader::next() {
  std::unique_lock lock(mutex_);
  if (delivered_ >= end_) return std::nullopt;
  const std::int64_t index = delivered_;
  if (workers_.empty()) {
    ++delivered_;
    const at::NoGradGuard no_gradient;
    const OneThread one_thread;
    return read(index);
  }
  work_done_.wait(lock, [&] { return slot(index).ready; });
  Slot done = std::exchange(slot(index), Slot());
  ++delivered_;
  work_available_.notify_one();
  if (done.error) std::rethrow_exception(done.error);
  return std::move(done.batch);
}

Batch Loader::read(std::int64_t index) {
  const auto indices = sampler_.batch(order_, index);
  const auto lock = source_.exclusive();
  auto [inputs, targets] = source_.read(epoch_, options_.seed, indices);
  return {std::move(inputs), std::move(targets), static_cast<std::int64_t>(indices.size()),
          std::vector<std::int64_t>(indices.begin(), indices.end()), epoch_};
}

void Loader::work(const std::stop_token& stop) {
  const AlternateStack stack;
  const at::NoGradGuard no_gradient;
  at::get_num_threads();  // the first call in a thread overwrites its count
  at::set_num_threads(1);
  const auto capacity = static_cast<std::int64_t>(slots_.size());
  const auto may_claim = [&] { return claimed_ < end_ && claimed_ < delivered_ + capacity; };
  std::unique_lock lock(mutex_);
  --reading_;
  work_done_.notify_all();
  while (work_available_.wait(lock, stop, may_claim) && !stop.stop_requested()) {
    const std::int64_t index = claimed_++;
    ++reading_;
    lock.unlock();
    Slot done{.ready = true, .batch = {}, .error = nullptr};
    try {
      done.batch = read(index);
    } catch (...) {
      done.error = std::current_exception();
    }
    lock.lock();
    --reading_;
    slot(index) = std::move(done);
    work_done_.notify_all();
  }
}

}  // namespace knack::host

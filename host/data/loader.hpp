// SPDX-License-Identifier: MIT
// Batches read ahead by threads, delivered in order.
#pragma once

#include <condition_variable>
#include <cstdint>
#include <exception>
#include <mutex>
#include <optional>
#include <span>
#include <stop_token>
#include <thread>
#include <utility>
#include <vector>

#include "host/data/sampler.hpp"
#include "host/plugin/value.hpp"

namespace knack::host {

/// Where batches come from.
class BatchSource {
 public:
  virtual ~BatchSource() = default;

  /// Number of samples, >= 1.
  virtual std::int64_t length() const = 0;

  /// Whether read() may be called by several threads at once.
  virtual bool reentrant() const = 0;

  /// Inputs and targets of the samples `indices`. Random numbers follow from seed, epoch and index.
  virtual std::pair<Value, Value> read(std::int64_t epoch, std::uint64_t seed,
                                       std::span<const std::int64_t> indices) = 0;

  /// While the lock lives, nobody else reads; empty for a source that is reentrant.
  std::unique_lock<std::mutex> exclusive() {
    return reentrant() ? std::unique_lock<std::mutex>() : std::unique_lock(mutex_);
  }

 private:
  std::mutex mutex_;
};

struct Batch {
  Value inputs;
  Value targets;
  std::int64_t samples = 0;
  std::vector<std::int64_t> indices;  ///< of the samples in the dataset
  std::int64_t epoch = 0;
};

struct LoaderSettings {
  std::int64_t batch_size = 1;
  bool shuffle = false;
  bool drop_last = false;
  int workers = 0;         ///< reading threads; 0 reads within next()
  std::uint64_t seed = 0;  ///< of the order, and handed to the dataset
  std::int64_t limit = 0;  ///< an epoch is the first `limit` samples of its order; <= 0: all
};

/// Reads the batches of one epoch after the other. What it delivers, and in which order, depends on
/// the source, the options and the epoch, not on the number of workers.
///
/// Sources are read without gradient and with LibTorch limited to one thread. Used by one thread.
class Loader {
 public:
  /// Batches read ahead for each worker: one being read, one waiting.
  static constexpr std::size_t kReadAhead = 2;

  /// `source` must outlive the loader. Throws Error as Sampler does.
  Loader(BatchSource& source, const LoaderSettings& options);
  Loader(const Loader&) = delete;
  Loader& operator=(const Loader&) = delete;

  /// Waits for the batches that are being read and drops what nobody asked for.
  ~Loader();

  std::int64_t batches_per_epoch() const {
    return sampler_.batches_per_epoch();
  }

  /// Begins an epoch at batch `first_batch`, leaving the present one wherever it is. Workers start
  /// at once, so calling this early, before an evaluation, hides the time of the first batches.
  void start_epoch(std::int64_t epoch, std::int64_t first_batch = 0);

  /// The next batch, or nothing at the end of the epoch and before the first start_epoch(). Throws
  /// what the source threw for that batch; the call after that goes on behind it.
  std::optional<Batch> next();

 private:
  /// A batch on its way; at most `slots_.size()` are.
  struct Slot {
    bool ready = false;
    Batch batch;
    std::exception_ptr error;
  };

  Slot& slot(std::int64_t index) {
    return slots_[static_cast<std::size_t>(index) % slots_.size()];
  }
  Batch read(std::int64_t index);
  void work(const std::stop_token& stop);

  BatchSource& source_;
  const LoaderSettings options_;
  const Sampler sampler_;

  // Changed only while no worker reads: by start_epoch().
  std::int64_t epoch_ = 0;
  std::vector<std::int64_t> order_;

  std::mutex mutex_;  ///< guards everything below
  std::condition_variable_any work_available_;
  std::condition_variable_any work_done_;
  std::vector<Slot> slots_;
  std::int64_t end_ = 0;        ///< no batch from here on is claimed
  std::int64_t claimed_ = 0;    ///< the next batch a worker takes
  std::int64_t delivered_ = 0;  ///< the next batch of next()
  int reading_ = 0;             ///< workers that read or are starting

  std::vector<std::jthread> workers_;  ///< last, so that they end first
};

}  // namespace knack::host

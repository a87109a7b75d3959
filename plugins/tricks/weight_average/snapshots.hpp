// SPDX-License-Identifier: MIT
// Which epochs the trick `weight_average` keeps.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace weight_average {

/// The weights after one epoch, in a file of their own.
struct Snapshot {
  std::int64_t epoch = 0;  ///< from 1
  double monitored = 0;

  [[nodiscard]] std::string path() const {
    return "snapshots/epoch-" + std::to_string(epoch) + ".safetensors";
  }
};

/// Whether `first` is better than `second` in the monitored metric.
inline bool is_better(double first, double second, bool higher_is_better) {
  return higher_is_better ? first > second : first < second;
}

/// At most `capacity` snapshots, in the order of their epochs.
class Snapshots {
 public:
  explicit Snapshots(std::int64_t capacity) : capacity_(static_cast<std::size_t>(capacity)) {}

  [[nodiscard]] const std::vector<Snapshot>& kept() const {
    return kept_;
  }

  /// Whether add_best would keep it: there is room, or it is better than the worst. Ties keep the
  /// old; NaN and infinities are never kept.
  [[nodiscard]] bool is_wanted(double monitored, bool higher_is_better) const {
    if (!std::isfinite(monitored)) return false;
    return kept_.size() < capacity_ ||
           is_better(monitored, worst(higher_is_better)->monitored, higher_is_better);
  }

  /// Adds a snapshot that is wanted. Returns the worst one, among equals the latest, if it has to
  /// go.
  std::optional<Snapshot> add_best(Snapshot snapshot, bool higher_is_better) {
    std::optional<Snapshot> evicted;
    if (kept_.size() >= capacity_) {
      const auto position = worst(higher_is_better);
      evicted = *position;
      kept_.erase(position);
    }
    kept_.push_back(snapshot);
    return evicted;
  }

  /// Adds a snapshot. Returns the oldest one if it has to go.
  std::optional<Snapshot> add_last(Snapshot snapshot) {
    std::optional<Snapshot> evicted;
    if (kept_.size() >= capacity_) {
      evicted = kept_.front();
      kept_.erase(kept_.begin());
    }
    kept_.push_back(snapshot);
    return evicted;
  }

  /// The kept ones, best first; among equals the earlier one.
  [[nodiscard]] std::vector<Snapshot> ranked(bool higher_is_better) const {
    std::vector<Snapshot> ranked = kept_;
    std::sort(ranked.begin(), ranked.end(), [=](const Snapshot& a, const Snapshot& b) {
      if (a.monitored == b.monitored) return a.epoch < b.epoch;
      return is_better(a.monitored, b.monitored, higher_is_better);
    });
    return ranked;
  }

 private:
  [[nodiscard]] std::vector<Snapshot>::const_iterator worst(bool higher_is_better) const {
    auto worst = kept_.begin();
    for (auto it = kept_.begin(); it != kept_.end(); ++it) {
      if (!is_better(it->monitored, worst->monitored, higher_is_better)) worst = it;
    }
    return worst;
  }

  std::size_t capacity_;
  std::vector<Snapshot> kept_;
};

}  // namespace weight_average

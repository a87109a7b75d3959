// SPDX-License-Identifier: MIT
#include "snapshot_state.hpp"

namespace weight_average {

knack::Value to_value(const std::vector<Snapshot>& snapshots) {
  knack::Value::List list;
  for (const Snapshot& snapshot : snapshots) {
    list.push_back(
        knack::Value::map({{"epoch", snapshot.epoch}, {"monitored", snapshot.monitored}}));
  }
  return knack::Value::list(std::move(list));
}

std::vector<Snapshot> to_snapshots(knack::ValueView list) {
  std::vector<Snapshot> snapshots;
  for (std::size_t i = 0; i < list.size(); ++i) {
    snapshots.push_back({list[i]["epoch"].integer(), list[i]["monitored"].number()});
  }
  return snapshots;
}

}  // namespace weight_average

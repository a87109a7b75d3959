// SPDX-License-Identifier: MIT
// What tricks change in their hooks.
#pragma once

#include <functional>
#include <map>
#include <string>
#include <vector>

#include "host/explain/explanation.hpp"
#include "host/explain/rehearsal_services.hpp"
#include "host/train/fit.hpp"

namespace knack::host {

/// Compares what is there before each call of a hook with what is there after it: weight sets,
/// gradients and the micro-batch; and notes what `services` are used for and the replies. Of each
/// tensor it reads the first 16 KiB.
class [[nodiscard]] ChangeWatch {
 public:
  /// Stands around the hooks of `fit` while it lives.
  ChangeWatch(Fit& fit, RehearsalServices& services);
  ~ChangeWatch();
  ChangeWatch(const ChangeWatch&) = delete;
  ChangeWatch& operator=(const ChangeWatch&) = delete;

  /// Does `call`, of a hook of `trick`, and notes what it changed; an AroundHook.
  void around(const Trick& trick, Hook hook, const knack_hook_context_t& context,
              const MicroBatch* batch, const std::function<void()>& call);

  /// By trick; of each in the order in which it was first seen.
  const std::map<std::string, std::vector<Change>>& changes() const {
    return changes_;
  }

 private:
  void note(const Trick& trick, Hook hook, const std::string& what, const std::string& set,
            std::int64_t count);

  Fit& fit_;
  RehearsalServices& services_;
  std::map<std::string, std::vector<Change>> changes_;
};

}  // namespace knack::host

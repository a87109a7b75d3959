// SPDX-License-Identifier: MIT
// An ablation: the same trainings with and without each trick, and what comes of them.
#pragma once

#include <cstdint>
#include <filesystem>
#include <string>
#include <vector>

#include "host/ablate/analysis.hpp"
#include "host/ablate/trainings.hpp"
#include "host/ui/console.hpp"

namespace knack::host {

/// What is to be found out.
struct AblationRequest {
  Json recipe;  ///< with all tricks, as resolved() writes it, with the plugins that are used
  Plan plan;
  std::vector<std::int64_t> seeds;  ///< the same in every condition
  Measure measure;
  bool higher_is_better = true;
  std::vector<std::string> more_words;  ///< for every `knack train`
  std::size_t jobs = 1;                 ///< trainings at a time
};

/// The runs of a request, some of which may be there already.
class Ablation {
 public:
  /// Takes stock of `folder`, which must outlive the object. Throws what AblationFolder does.
  Ablation(AblationRequest request, const AblationFolder& folder, Console& console);

  /// Trains what is missing, and notes the results after every run. Returns 0 or the signal that
  /// broke it off.
  int run();

  std::size_t runs() const;      ///< in all
  std::size_t finished() const;  ///< of them
  std::size_t failed() const;    ///< in run()

  const AblationRequest& request() const {
    return request_;
  }
  const Outcomes& outcomes() const {
    return outcomes_;
  }
  /// What is known so far.
  std::vector<Finding> findings() const;

 private:
  struct Place {
    std::size_t condition;
    std::size_t seed;  ///< index
  };

  void read_outcome(const Place& place);
  Training training_of(const Place& place) const;
  std::string note_end(const Place& place, const TrainingEnd& end);
  void write() const;

  AblationRequest request_;
  const AblationFolder& folder_;
  Console& console_;
  Outcomes outcomes_;
  std::vector<Place> missing_;
  std::size_t failed_ = 0;
};

}  // namespace knack::host

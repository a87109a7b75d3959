// SPDX-License-Identifier: MIT
// What a classifier takes for what, and where it is most wrong.
#pragma once

#include <ATen/core/Tensor.h>

#include <cstdint>
#include <map>
#include <nlohmann/json.hpp>
#include <string>
#include <utility>
#include <vector>

#include "host/data/loader.hpp"
#include "host/plugin/value.hpp"

namespace knack::host {

/// Looks on at an evaluation. That of a classifier is known by what comes out: each batch has one
/// floating tensor [samples, classes] and one integer target below `classes` a sample. A negative
/// target is none.
class Classification {
 public:
  /// Throws nothing: what goes wrong here is a `problem()`, and ends no training.
  void add(const Batch& batch, const Value& outputs) noexcept;

  /// final/classification.json of the weight set `set`; null when this was no classifier, or there
  /// was a problem.
  nlohmann::ordered_json result(const std::string& set) noexcept;

  /// Why there is no result although this looked like a classifier; empty when all is well.
  const std::string& problem() const {
    return problem_;
  }

 private:
  /// One sample. Of the images only as many are kept as there are examples.
  struct Example {
    std::int64_t index = 0;
    std::int64_t target = 0;
    std::int64_t predicted = 0;
    double log_probability = 0.0;  ///< of the target
    double predicted_log_probability = 0.0;
    at::Tensor image;  ///< [channels, height, width]; undefined when the input is none

    bool is_worse_than(const Example& other) const;
    nlohmann::ordered_json json() const;
  };

  bool accepts(const at::Tensor* outputs, const Batch& batch);
  void count(const Batch& batch, const Value& outputs);
  void give_up(const char* problem) noexcept;
  void keep(Example example, const at::Tensor* inputs, std::int64_t position);
  nlohmann::ordered_json document(const std::string& set) const;
  nlohmann::ordered_json confusion() const;
  nlohmann::ordered_json confused() const;

  bool is_classifier_ = true;
  std::string problem_;
  std::int64_t classes_ = 0;
  std::map<std::pair<std::int64_t, std::int64_t>, std::int64_t> counts_;  // by target, prediction
  std::vector<Example> worst_;                                            // the worst first
};

}  // namespace knack::host

// SPDX-License-Identifier: MIT
// Lets `for (const auto& x : range)` walk over what has size() and operator[].
#pragma once

#include <cstdint>

namespace knack::inline v1::detail {

template <typename Range>
class IndexIterator {
 public:
  IndexIterator(const Range& range, std::int64_t index) : range_(&range), index_(index) {}
  auto operator*() const {
    return (*range_)[index_];
  }
  IndexIterator& operator++() {
    ++index_;
    return *this;
  }
  bool operator==(const IndexIterator& other) const {
    return index_ == other.index_;
  }

 private:
  const Range* range_;
  std::int64_t index_;
};

template <typename Range>
class IndexRange {
 public:
  [[nodiscard]] auto begin() const {
    return IndexIterator<Range>(self(), 0);
  }
  [[nodiscard]] auto end() const {
    return IndexIterator<Range>(self(), self().size());
  }

 private:
  [[nodiscard]] const Range& self() const {
    return static_cast<const Range&>(*this);
  }
};

}  // namespace knack::inline v1::detail

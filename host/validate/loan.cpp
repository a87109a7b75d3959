// SPDX-License-Identifier: MIT
#include "host/validate/loan.hpp"

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstring>
#include <memory>
#include <mutex>
#include <new>

#include "host/plugin/tensor_handle.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kRegion = std::size_t{1} << 30;  // addresses, most of them never memory
constexpr std::size_t kLeastChunk = std::size_t{64} << 10;
constexpr std::size_t kAlignment = 16;

std::size_t rounded_up(std::size_t bytes, std::size_t to) {
  return (bytes + to - 1) / to * to;
}

/// Addresses for loans. Those that were closed are never handed out again, so that nothing else is
/// found there.
class Region {
 public:
  /// Whole pages; nullptr when there are no addresses left for them.
  std::byte* open(std::size_t bytes) {
    const std::scoped_lock lock(mutex_);
    if (begin_ == nullptr) {
      void* mapped =
          ::mmap(nullptr, kRegion, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
      if (mapped == MAP_FAILED) return nullptr;
      begin_ = static_cast<std::byte*>(mapped);
    }
    if (bytes > kRegion - next_) return nullptr;
    std::byte* start = begin_ + next_;
    if (::mprotect(start, bytes, PROT_READ | PROT_WRITE) != 0) return nullptr;
    next_ += bytes;
    return start;
  }

  /// Of `bytes` at `start` the first `used` are gone for good; the others are handed out again if
  /// nothing was opened after them.
  void close(std::byte* start, std::size_t bytes, std::size_t used) {
    const std::scoped_lock lock(mutex_);
    if (used > 0) {
      ::madvise(start, used, MADV_DONTNEED);
      ::mprotect(start, bytes, PROT_NONE);
    }
    if (start + bytes == begin_ + next_) next_ -= bytes - used;
  }

 private:
  std::mutex mutex_;
  std::byte* begin_ = nullptr;
  std::size_t next_ = 0;
};

Region& region() {
  static auto* region = new Region;
  return *region;
}

std::size_t page_size() {
  static const auto size = static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

std::atomic<bool> all_taken_back = true;

}  // namespace

bool all_loans_were_taken_back() {
  return all_taken_back;
}

Loan::Loan(LoanTerms terms, std::span<const std::uint64_t> group_sizes)
    : terms_(terms), group_sizes_(group_sizes) {}

Loan::~Loan() {
  return_answers();
  for (at::Tensor* tensor : handles_) std::destroy_at(tensor);
  // The last first, so that a region that is to be handed out again is closed from its end.
  for (; !chunks_.empty(); chunks_.pop_back()) {
    const Chunk& chunk = chunks_.back();
    if (!chunk.is_of_region) {
      if (terms_.takes_back) all_taken_back = false;
      ::operator delete(chunk.begin);
    } else {
      region().close(chunk.begin, chunk.size,
                     terms_.takes_back ? rounded_up(chunk.used, page_size()) : 0);
    }
  }
}

void* Loan::allocate(std::size_t bytes) {
  bytes = rounded_up(bytes, kAlignment);
  if (chunks_.empty() || bytes > chunks_.back().size - chunks_.back().used) {
    const std::size_t size = rounded_up(std::max(bytes, kLeastChunk), page_size());
    std::byte* begin = region().open(size);
    const bool is_of_region = begin != nullptr;
    if (!is_of_region) begin = static_cast<std::byte*>(::operator new(size));
    chunks_.push_back({begin, size, 0, is_of_region});
  }
  Chunk& chunk = chunks_.back();
  std::byte* start = chunk.begin + chunk.used;
  chunk.used += bytes;
  return start;
}

template <class T>
T* Loan::array(const T* items, std::uint64_t count) {
  if (items == nullptr) return nullptr;
  auto* copy = static_cast<T*>(allocate(count * sizeof(T)));
  if (count > 0) std::memcpy(copy, items, count * sizeof(T));
  return copy;
}

template <class Struct>
Struct* Loan::structure(const Struct& original) {
  auto* copy = static_cast<std::byte*>(allocate(sizeof(Struct) + terms_.tail));
  std::memcpy(copy, &original, sizeof(Struct));
  std::memset(copy + sizeof(Struct), kPoison, terms_.tail);
  auto* grown = reinterpret_cast<Struct*>(copy);
  grown->struct_size += static_cast<std::uint32_t>(terms_.tail);
  return grown;
}

knack_tensor_t* Loan::handle(knack_tensor_t* tensor) {
  if (tensor == nullptr) return nullptr;
  auto* copy = new (allocate(sizeof(at::Tensor))) at::Tensor(tensor_of(tensor));
  handles_.push_back(copy);
  return borrow(*copy);
}

const char* Loan::lend(const char* text) {
  return !terms_.are_any() || text == nullptr ? text : array(text, std::strlen(text) + 1);
}

knack_string_t Loan::lend(knack_string_t text) {
  if (!terms_.are_any()) return text;
  return {array(text.data, text.size), text.size};
}

void Loan::copy_inner(knack_value_t& node) {
  if (node.tag == KNACK_VALUE_STRING) {
    node.as.string = array(node.as.string, node.count);
  } else if (node.tag == KNACK_VALUE_TENSOR) {
    node.as.tensor = handle(node.as.tensor);
  } else if (node.tag == KNACK_VALUE_LIST) {
    knack_value_t* items = array(node.as.items, node.count);
    for (std::uint64_t i = 0; i < node.count; ++i) copy_inner(items[i]);
    node.as.items = items;
  } else if (node.tag == KNACK_VALUE_MAP) {
    knack_named_value_t* entries = array(node.as.entries, node.count);
    for (std::uint64_t i = 0; i < node.count; ++i) {
      entries[i].name = lend(entries[i].name);
      copy_inner(entries[i].value);
    }
    node.as.entries = entries;
  }
}

const knack_value_t* Loan::lend(const knack_value_t* tree) {
  if (!terms_.are_any() || tree == nullptr) return tree;
  knack_value_t* copy = array(tree, 1);
  copy_inner(*copy);
  return copy;
}

knack_hook_context_t* Loan::lend(knack_hook_context_t* context) {
  if (!terms_.are_any()) return context;
  original_ = context;
  lent_ = structure(*context);
  lent_->monitor = lend(context->monitor);
  lent_->weight_set = lend(context->weight_set);
  lent_->split = lend(context->split);
  lent_->inputs_borrowed = lend(context->inputs_borrowed);
  lent_->targets_borrowed = lend(context->targets_borrowed);
  lent_->outputs_borrowed = lend(context->outputs_borrowed);
  lent_->metrics_borrowed = lend(context->metrics_borrowed);
  lent_->loss_borrowed = handle(context->loss_borrowed);
  lent_->batch_indices_borrowed =
      array(context->batch_indices_borrowed, static_cast<std::uint64_t>(context->batch_samples));
  return lent_;
}

void Loan::return_answers() {
  if (lent_ == nullptr) return;
  original_->reply = lent_->reply;
  original_->new_inputs_owned = lent_->new_inputs_owned;
  original_->new_targets_owned = lent_->new_targets_owned;
  original_->new_outputs_owned = lent_->new_outputs_owned;
  original_->new_loss_owned = lent_->new_loss_owned;
  original_->request_micro_batches = lent_->request_micro_batches;
}

const knack_batch_request_t* Loan::lend(const knack_batch_request_t* request) {
  if (!terms_.are_any()) return request;
  knack_batch_request_t* copy = structure(*request);
  copy->indices_borrowed =
      array(request->indices_borrowed, static_cast<std::uint64_t>(request->count));
  return copy;
}

// Handles and names stay good as long as the optimizer lives; their arrays do not.
const knack_param_group_t* Loan::lend(const knack_param_group_t* group) {
  if (!terms_.are_any()) return group;
  knack_param_group_t* copy = structure(*group);
  copy->params_borrowed = array(group->params_borrowed, group->count);
  copy->names_borrowed = array(group->names_borrowed, group->count);
  copy->options_borrowed = lend(group->options_borrowed);
  return copy;
}

const knack_optimizer_step_t* Loan::lend(const knack_optimizer_step_t* step) {
  if (!terms_.are_any()) return step;
  knack_optimizer_step_t* copy = structure(*step);
  auto** groups = static_cast<knack_tensor_t***>(allocate(step->group_count * sizeof(void*)));
  for (std::uint64_t group = 0; group < step->group_count; ++group) {
    groups[group] =
        array(const_cast<knack_tensor_t**>(step->gradients_borrowed[group]), group_sizes_[group]);
    for (std::uint64_t i = 0; i < group_sizes_[group]; ++i) {
      groups[group][i] = handle(groups[group][i]);
    }
  }
  copy->gradients_borrowed = groups;
  return copy;
}

}  // namespace knack::host

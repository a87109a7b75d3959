// SPDX-License-Identifier: MIT
// What one call into a plugin lends it, in memory that is gone once the call has returned.
#pragma once

#include <ATen/core/Tensor.h>
#include <knack/abi/knack.h>

#include <cstddef>
#include <cstdint>
#include <span>
#include <vector>

namespace knack::host {

struct LoanTerms {
  bool takes_back = false;  ///< afterwards whoever reads what was lent crashes
  std::size_t tail = 0;     ///< bytes, each kPoison, behind structs, whose struct_size counts them

  bool are_any() const {
    return takes_back || tail > 0;
  }
};

inline constexpr int kPoison = 0xA5;

/// Whether in this process every loan that was to be taken back was. Not so once more than a gibibyte
/// was lent in all: what is lent from then on is ordinary memory.
bool all_loans_were_taken_back();

/// Copies the arguments of one call. What the ABI lets a plugin keep beyond the call is not copied.
class Loan {
 public:
  /// `group_sizes`: how many parameters each group of an optimizer has.
  explicit Loan(LoanTerms terms, std::span<const std::uint64_t> group_sizes = {});
  /// Takes back. Answers in a hook context have been copied to the original.
  ~Loan();
  Loan(const Loan&) = delete;
  Loan& operator=(const Loan&) = delete;

  const knack_value_t* lend(const knack_value_t* tree);
  knack_hook_context_t* lend(knack_hook_context_t* context);
  const knack_batch_request_t* lend(const knack_batch_request_t* request);
  const knack_param_group_t* lend(const knack_param_group_t* group);
  const knack_optimizer_step_t* lend(const knack_optimizer_step_t* step);
  knack_string_t lend(knack_string_t text);
  const char* lend(const char* text);

  /// Numbers, and places that the plugin writes to.
  template <class Other>
  Other lend(Other argument) {
    return argument;
  }

 private:
  struct Chunk {
    std::byte* begin;
    std::size_t size;
    std::size_t used;
    bool is_of_region;
  };

  void* allocate(std::size_t bytes);
  template <class T>
  T* array(const T* items, std::uint64_t count);
  template <class Struct>
  Struct* structure(const Struct& original);
  knack_tensor_t* handle(knack_tensor_t* tensor);
  void copy_inner(knack_value_t& node);
  void return_answers();

  const LoanTerms terms_;
  const std::span<const std::uint64_t> group_sizes_;
  std::vector<Chunk> chunks_;  // what is lent lies in the last one, or in those before
  std::vector<at::Tensor*> handles_;
  knack_hook_context_t* original_ = nullptr;
  knack_hook_context_t* lent_ = nullptr;
};

}  // namespace knack::host

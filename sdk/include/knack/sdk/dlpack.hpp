// SPDX-License-Identifier: MIT
// Tensors of other libraries and memory of one's own, without a copy (knack.dlpack/1, ABI 1.1).
#pragma once

#include <knack/sdk/tensor.hpp>

#include <functional>
#include <memory>
#include <ranges>

namespace knack::inline v1 {

namespace detail {

struct DlpackDelete {
  void operator()(knack_dl_managed_t* managed) const {
    if (managed->deleter != nullptr) managed->deleter(managed);
  }
};

template <typename Element>
constexpr knack_dl_data_type_t dlpack_type() {
  constexpr bool kIsBool = std::is_same_v<Element, bool>;
  constexpr int kCode = kIsBool                             ? KNACK_DL_BOOL
                        : std::is_floating_point_v<Element> ? KNACK_DL_FLOAT
                        : std::is_signed_v<Element>         ? KNACK_DL_INT
                                                            : KNACK_DL_UINT;
  return {static_cast<std::uint8_t>(kCode), static_cast<std::uint8_t>(8 * sizeof(Element)), 1};
}

/// A DLPack struct for memory that `owner` keeps alive.
template <typename Owner>
struct OwnedMemory {
  knack_dl_managed_t managed{};
  std::vector<std::int64_t> sizes;
  Owner owner;
};

template <typename Owner>
concept NumberContainer =
    std::ranges::contiguous_range<const Owner> && std::ranges::sized_range<const Owner> &&
    std::is_arithmetic_v<std::ranges::range_value_t<const Owner>>;

/// False for elements that lie elsewhere than in the container that is to keep them: in what it
/// was copied from, or moved out of. Not known of other owners.
template <typename Element, typename Owner>
bool keeps(const Owner& owner, std::span<Element> elements) {
  if constexpr (NumberContainer<Owner>) {
    const auto kept = std::as_bytes(std::span(owner));
    const auto given = std::as_bytes(elements);
    const std::less_equal<> is_before;
    return given.empty() || (is_before(kept.data(), given.data()) &&
                             is_before(given.data() + given.size(), kept.data() + kept.size()));
  } else {
    return true;
  }
}

}  // namespace detail

/// A DLManagedTensorVersioned, given back when this goes; `release()` passes it on to a consumer,
/// such as the capsule "dltensor_versioned" of Python.
using DlpackTensor = std::unique_ptr<knack_dl_managed_t, detail::DlpackDelete>;

/// The tensor for another library. Shares its memory and keeps it alive. Fails for one that
/// requires a gradient: detach it first.
inline DlpackTensor to_dlpack(const Tensor& tensor) {
  knack_dl_managed_t* managed = nullptr;
  detail::call_host("knack.dlpack/1 export_tensor", detail::dlpack_api().export_tensor,
                    tensor.handle(), &managed);
  return DlpackTensor(managed);
}

/// A tensor that shares the memory of another library's. What can be refused: ext/dlpack.h; then
/// `managed` is given back.
inline Tensor from_dlpack(DlpackTensor managed) {
  knack_tensor_t* tensor = nullptr;
  detail::call_host("knack.dlpack/1 import_tensor", detail::dlpack_api().import_tensor,
                    managed.get(), &tensor);
  if (tensor != nullptr) (void)managed.release();
  return Tensor::take(tensor);
}

/// A row-major CPU tensor in memory of the plugin's own, which may be written. `owner` is whatever
/// keeps the memory: a std::shared_ptr, a mapped file, a std::vector that is moved. It is moved here
/// and destroyed with the last tensor that shares the memory, on any thread. Moving it must leave
/// the elements where they are: a container that has them elsewhere, as a std::array or a copy of a
/// std::vector has, is refused.
template <typename Element, typename Owner>
  requires(std::is_arithmetic_v<Element> && !std::is_const_v<Element>)
Tensor from_memory(std::span<Element> elements, SizesView sizes, Owner owner) {
  std::int64_t count = 1;
  for (const std::int64_t size : sizes) count *= size;
  if (count != static_cast<std::int64_t>(elements.size())) {
    fail(KNACK_STATUS_INVALID, "from_memory: " + std::to_string(elements.size()) +
                                   " elements for a shape of " + std::to_string(count));
    return {};
  }
  using Memory = detail::OwnedMemory<Owner>;
  auto* memory = new Memory{{}, {sizes.begin(), sizes.end()}, std::move(owner)};
  knack_dl_managed_t& managed = memory->managed;
  managed.version = {KNACK_DL_MAJOR, 0};
  managed.manager_ctx = memory;
  managed.deleter = [](knack_dl_managed_t* self) {
    delete static_cast<Memory*>(self->manager_ctx);
  };
  managed.dl_tensor.data = elements.data();
  managed.dl_tensor.device = {KNACK_DL_CPU, 0};
  managed.dl_tensor.ndim = static_cast<std::int32_t>(sizes.size());
  managed.dl_tensor.dtype = detail::dlpack_type<Element>();
  managed.dl_tensor.shape = memory->sizes.data();
  DlpackTensor given(&managed);
  if (!detail::keeps(memory->owner, elements)) {
    fail(KNACK_STATUS_INVALID,
         "from_memory: expected elements in memory of the owner, found others");
    return {};
  }
  return from_dlpack(std::move(given));
}

}  // namespace knack::inline v1

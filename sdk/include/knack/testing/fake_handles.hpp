// SPDX-License-Identifier: MIT
// knack.tensor/1 without LibTorch, and a record of all handles. Part of fake_host.hpp.
#pragma once

#include <knack/abi/ext/tensor.h>
#include <knack/testing/fake_ledger.hpp>
#include <knack/testing/fake_tensors.hpp>

#include <unordered_map>

namespace knack::testing {

/// All handles that exist, so that one that does not is noticed.
class FakeHandles {
 public:
  static FakeHandles& all() {
    static FakeHandles handles;
    return handles;
  }

  /// A new handle that the receiver releases.
  knack_tensor_t* give(FakeTensor tensor) {
    auto* owned = new FakeTensor(std::move(tensor));
    const std::lock_guard lock(mutex_);
    is_owned_[owned] = true;
    ++owned_count_;
    return reinterpret_cast<knack_tensor_t*>(owned);
  }
  /// Makes `tensor` itself a handle, until `revoke`.
  knack_tensor_t* lend(FakeTensor* tensor) {
    const std::lock_guard lock(mutex_);
    is_owned_[tensor] = false;
    return reinterpret_cast<knack_tensor_t*>(tensor);
  }
  void revoke(FakeTensor* tensor) {
    const std::lock_guard lock(mutex_);
    is_owned_.erase(tensor);
  }

  FakeTensor& tensor_of(knack_tensor_t* handle) {
    auto* tensor = reinterpret_cast<FakeTensor*>(handle);
    const std::lock_guard lock(mutex_);
    if (is_owned_.find(tensor) == is_owned_.end()) {
      throw Error(KNACK_STATUS_INVALID,
                  "tensor: expected a handle that is still valid, found NULL or one that was "
                  "released or was borrowed for a call that is over");
    }
    return *tensor;
  }

  void release(knack_tensor_t* handle) {
    if (handle == nullptr) return;
    auto* tensor = reinterpret_cast<FakeTensor*>(handle);
    const std::lock_guard lock(mutex_);
    const auto found = is_owned_.find(tensor);
    if (found == is_owned_.end() || !found->second) {
      ++wrong_releases_;
      return;
    }
    is_owned_.erase(found);
    --owned_count_;
    delete tensor;
  }

  /// Handles that somebody has yet to release.
  [[nodiscard]] std::int64_t owned_count() const {
    const std::lock_guard lock(mutex_);
    return owned_count_;
  }
  /// Releases of handles that were borrowed, or released before.
  [[nodiscard]] std::int64_t wrong_releases() const {
    const std::lock_guard lock(mutex_);
    return wrong_releases_;
  }

 private:
  mutable std::mutex mutex_;
  std::unordered_map<FakeTensor*, bool> is_owned_;
  std::int64_t owned_count_ = 0;
  std::int64_t wrong_releases_ = 0;
};

inline FakeTensor& fake_tensor(knack_tensor_t* handle) {
  return FakeHandles::all().tensor_of(handle);
}
inline knack_tensor_t* give_handle(FakeTensor tensor) {
  return FakeHandles::all().give(std::move(tensor));
}

/// A tensor that can be lent to a plugin for as long as this lives.
class LentTensor {
 public:
  explicit LentTensor(FakeTensor tensor)
      : tensor_(std::make_unique<FakeTensor>(std::move(tensor))) {
    FakeHandles::all().lend(tensor_.get());
  }
  LentTensor(LentTensor&&) = default;
  LentTensor& operator=(LentTensor&& other) noexcept {
    std::swap(tensor_, other.tensor_);
    return *this;
  }
  ~LentTensor() {
    if (tensor_) FakeHandles::all().revoke(tensor_.get());
  }
  [[nodiscard]] knack_tensor_t* handle() const {
    return reinterpret_cast<knack_tensor_t*>(tensor_.get());
  }
  FakeTensor& operator*() const {
    return *tensor_;
  }
  FakeTensor* operator->() const {
    return tensor_.get();
  }

 private:
  std::unique_ptr<FakeTensor> tensor_;
};

namespace fake {

inline std::int32_t describe_tensor(knack_tensor_t* handle, knack_tensor_info_t* out) {
  return current_ledger().serve(KNACK_EXT_TENSOR, "describe", [&] {
    const FakeTensor& tensor = fake_tensor(handle);
    knack_tensor_info_t info{};
    info.struct_size = sizeof(info);
    info.flags = (tensor.is_contiguous() ? KNACK_TENSOR_CONTIGUOUS : 0U) |
                 (tensor.requires_grad ? KNACK_TENSOR_REQUIRES_GRAD : 0U);
    info.dtype = tensor.dtype;
    info.device_type = KNACK_DEVICE_CPU;
    info.device_index = -1;
    info.dimensions = static_cast<std::int32_t>(tensor.dim());
    info.element_count = tensor.numel();
    info.sizes_borrowed = tensor.sizes.data();
    info.strides_borrowed = tensor.strides.data();
    info.data_borrowed = tensor.data();
    current_ledger().fill(out, info);
  });
}

/// NaN, -1 or true: nobody takes these elements for zeros.
inline void mark_uninitialized(FakeTensor& tensor) {
  std::memset(tensor.storage->data(), tensor.dtype == KNACK_DTYPE_BOOL ? 1 : 0xff,
              tensor.storage->size() * sizeof(FakeTensor::Storage::value_type));
}

inline std::int32_t create_tensor(std::int32_t dtype, std::int32_t dimensions,
                                  const std::int64_t* sizes, knack_tensor_t** out) {
  return current_ledger().serve(KNACK_EXT_TENSOR, "create", [&] {
    if (dimensions < 0 || dimensions > 64 ||
        std::any_of(sizes, sizes + dimensions, [](std::int64_t size) { return size < 0; })) {
      throw Error(KNACK_STATUS_INVALID,
                  "expected 0 to 64 dimensions of size 0 or more, found another number");
    }
    FakeTensor tensor(dtype, std::vector<std::int64_t>(sizes, sizes + dimensions));
    mark_uninitialized(tensor);
    *out = give_handle(std::move(tensor));
  });
}

inline std::int32_t retain_tensor(knack_tensor_t* handle, knack_tensor_t** out) {
  return current_ledger().serve(KNACK_EXT_TENSOR, "retain",
                                [&] { *out = give_handle(fake_tensor(handle)); });
}

}  // namespace fake

inline const knack_tensor_api_t& fake_tensor_api() {
  static const knack_tensor_api_t api{sizeof(knack_tensor_api_t),
                                      0,
                                      &fake::describe_tensor,
                                      &fake::create_tensor,
                                      &fake::retain_tensor,
                                      [](knack_tensor_t* handle) { FakeHandles::all().release(handle); }};
  return api;
}

}  // namespace knack::testing

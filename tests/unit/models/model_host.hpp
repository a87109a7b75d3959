// SPDX-License-Identifier: MIT
#pragma once

#include <ATen/core/Tensor.h>
#include <knack/abi/knack.h>

#include <cstring>
#include <memory>
#include <string>
#include <vector>

namespace knack::test {

/// The least a model needs of a host: references to tensors, memory and a place for error texts.
class ModelHost {
 public:
  ModelHost() {
    table_.struct_size = sizeof(table_);
    table_.abi_major = KNACK_ABI_MAJOR;
    table_.host_data = this;
    table_.get_extension = [](const knack_host_t*, const char* id) -> const void* {
      return std::strcmp(id, KNACK_EXT_TENSOR) == 0 ? &tensor_api() : nullptr;
    };
    table_.set_error = [](const knack_host_t* host, std::int32_t status, knack_string_t text) {
      static_cast<ModelHost*>(host->host_data)->error.assign(text.data, text.size);
      return status;
    };
    table_.allocate = [](const knack_host_t* host, std::uint64_t bytes) -> void* {
      auto& memory = static_cast<ModelHost*>(host->host_data)->memory_;
      return memory.emplace_back(new char[bytes]).get();
    };
  }

  const knack_host_t* table() const {
    return &table_;
  }

  std::string error;

 private:
  static const knack_tensor_api_t& tensor_api() {
    static const knack_tensor_api_t api{
        sizeof(api),
        0,
        nullptr,
        nullptr,
        [](knack_tensor_t* tensor, knack_tensor_t** out) -> std::int32_t {
          *out = reinterpret_cast<knack_tensor_t*>(
              new at::Tensor(*reinterpret_cast<at::Tensor*>(tensor)));
          return KNACK_STATUS_OK;
        },
        [](knack_tensor_t* tensor) { delete reinterpret_cast<at::Tensor*>(tensor); }};
    return api;
  }

  knack_host_t table_{};
  std::vector<std::unique_ptr<char[]>> memory_;
};

inline std::string text(knack_string_t string) {
  return {string.data, static_cast<std::size_t>(string.size)};
}

}  // namespace knack::test

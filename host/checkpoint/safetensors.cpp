// SPDX-License-Identifier: MIT
#include "host/checkpoint/safetensors.hpp"

#include <algorithm>
#include <bit>
#include <nlohmann/json.hpp>
#include <set>
#include <utility>

#include "host/checkpoint/atomic_file.hpp"
#include "host/checkpoint/safetensors_layout.hpp"
#include "host/common/error.hpp"
#include "host/common/shape_text.hpp"

namespace knack::host {
namespace {

static_assert(std::endian::native == std::endian::little, "tensors are stored little endian");

constexpr std::size_t kAlignment = 8;
constexpr std::pair<std::string_view, std::size_t> kElementSizes[] = {
    {"BOOL", 1}, {"U8", 1},  {"I8", 1},  {"F8_E4M3", 1}, {"F8_E5M2", 1}, {"F8_E8M0", 1},
    {"U16", 2},  {"I16", 2}, {"F16", 2}, {"BF16", 2},    {"U32", 4},     {"I32", 4},
    {"F32", 4},  {"U64", 8}, {"I64", 8}, {"F64", 8},     {"C64", 8}};

[[noreturn]] void refuse_tensor(const std::filesystem::path& file, const TensorToWrite& tensor,
                                const std::string& problem) {
  throw Error("E0503", file, "cannot write tensor '" + tensor.name + "': " + problem);
}

void check_tensors(const std::filesystem::path& file, const std::vector<TensorToWrite>& tensors) {
  std::set<std::string> names = {kSafetensorsMetadata};
  for (const TensorToWrite& tensor : tensors) {
    const auto bytes = tensor_bytes(tensor.dtype, tensor.shape);
    if (!bytes || *bytes != tensor.bytes) {
      refuse_tensor(file, tensor,
                    "expected the bytes of " + tensor.dtype + " " + shape_text(tensor.shape) +
                        ", found " + std::to_string(tensor.bytes));
    }
    if (!names.insert(tensor.name).second) refuse_tensor(file, tensor, "its name is taken");
  }
}

std::vector<const TensorToWrite*> in_file_order(const std::vector<TensorToWrite>& tensors) {
  std::vector<const TensorToWrite*> order;
  for (const TensorToWrite& tensor : tensors) order.push_back(&tensor);
  std::stable_sort(order.begin(), order.end(), [](const auto* a, const auto* b) {
    return element_size(a->dtype) > element_size(b->dtype);
  });
  return order;
}

std::string header_text(const std::filesystem::path& file,
                        const std::vector<const TensorToWrite*>& order,
                        const std::map<std::string, std::string>& metadata) {
  nlohmann::ordered_json header = nlohmann::ordered_json::object();
  if (!metadata.empty()) header[kSafetensorsMetadata] = metadata;
  std::uint64_t end = 0;
  for (const TensorToWrite* tensor : order) {
    const std::uint64_t begin = std::exchange(end, end + tensor->bytes);
    header[tensor->name] = {
        {"dtype", tensor->dtype}, {"shape", tensor->shape}, {"data_offsets", {begin, end}}};
  }
  std::string text;
  try {
    text = header.dump();
  } catch (const nlohmann::json::exception&) {
    throw Error("E0503", file, "cannot write it: expected names and metadata in UTF-8");
  }
  // The length in front takes 8 bytes, so the data starts aligned when the header ends so.
  text.resize((text.size() + kAlignment - 1) / kAlignment * kAlignment, ' ');
  if (text.size() > kLongestSafetensorsHeader) {
    throw Error("E0503", file,
                "cannot write it: expected a header of at most " +
                    std::to_string(kLongestSafetensorsHeader) + " bytes, found " +
                    std::to_string(text.size()));
  }
  return text;
}

}  // namespace

std::size_t element_size(std::string_view dtype) {
  for (const auto& [name, size] : kElementSizes) {
    if (name == dtype) return size;
  }
  return 0;
}

std::string dtype_names() {
  std::string names;
  for (const auto& [name, size] : kElementSizes) {
    names.append(names.empty() ? "" : ", ").append(name);
  }
  return names;
}

std::optional<std::uint64_t> tensor_bytes(std::string_view dtype,
                                          const std::vector<std::int64_t>& shape) {
  auto bytes = static_cast<std::int64_t>(element_size(dtype));
  bool is_empty = false;
  if (bytes == 0) return std::nullopt;
  for (const std::int64_t size : shape) {
    is_empty = is_empty || size == 0;
    if (size < 0) return std::nullopt;
    if (size > 0 && __builtin_mul_overflow(bytes, size, &bytes)) return std::nullopt;
  }
  return is_empty ? 0 : static_cast<std::uint64_t>(bytes);
}

SafetensorsLayout lay_out(const std::filesystem::path& file,
                          const std::vector<TensorToWrite>& tensors,
                          const std::map<std::string, std::string>& metadata) {
  check_tensors(file, tensors);
  SafetensorsLayout layout;
  layout.order = in_file_order(tensors);
  const std::string header = header_text(file, layout.order, metadata);
  const std::uint64_t length = header.size();
  layout.start = std::string(reinterpret_cast<const char*>(&length), sizeof(length)) + header;
  return layout;
}

void write_safetensors(OutputFile& output, const std::filesystem::path& shown,
                       const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  const SafetensorsLayout layout = lay_out(shown, tensors, metadata);
  output.write(layout.start);
  for (const TensorToWrite* tensor : layout.order) output.write(tensor->data, tensor->bytes);
}

void write_safetensors(const std::filesystem::path& file, const std::vector<TensorToWrite>& tensors,
                       const std::map<std::string, std::string>& metadata) {
  AtomicFile atomic(file);
  write_safetensors(atomic.output(), file, tensors, metadata);
  atomic.commit();
}

}  // namespace knack::host

// SPDX-License-Identifier: MIT
// Weight files: what the reader takes can be read in full, each byte of the file once.
#include "host/checkpoint/safetensors.hpp"

#include "tests/fuzz/fuzz_target.hpp"
#include "tests/support/memory_file.hpp"

namespace {

using namespace knack;

/// The data of all tensors, one behind the other.
std::string read_all(const host::SafetensorsReader& reader, std::size_t file_size) {
  std::string data;
  for (const host::StoredTensor& tensor : reader.tensors()) {
    fuzz::require(reader.find(tensor.name) == &tensor, "every tensor is found by its name");
    fuzz::require(tensor.bytes <= file_size - data.size(), "tensors are no larger than the file");
    std::uint64_t bytes = host::element_size(tensor.dtype);
    for (const std::int64_t size : tensor.shape) bytes *= static_cast<std::uint64_t>(size);
    fuzz::require(bytes == tensor.bytes, "a tensor has the bytes of its type and shape");
    std::string content(tensor.bytes, '\0');
    reader.read(tensor, content.data());
    data += content;
  }
  return data;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static testing::MemoryFile file;
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  file.assign(bytes);
  fuzz::accepts(host::ExitCode::data, file.path().string() + ": ", [&] {
    const host::SafetensorsReader reader(file.path());
    fuzz::require(bytes.ends_with(read_all(reader, size)), "the tensors fill the file's end");
  });
  return 0;
}

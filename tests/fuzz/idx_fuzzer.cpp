// SPDX-License-Identifier: MIT
// Images and labels, plain and compressed: both forms of a file are taken or refused alike.
#include "plugins/datasets/idx/idx_file.hpp"

#include <zlib.h>

#include <memory>
#include <optional>
#include <type_traits>

#include "tests/fuzz/fuzz_target.hpp"
#include "tests/support/memory_file.hpp"

namespace {

using namespace knack;

/// What `read` gives for the file, or nothing when it refuses it.
template <class Read>
auto read_file(const testing::MemoryFile& file, Read&& read)
    -> std::optional<std::invoke_result_t<Read, std::filesystem::path>> {
  try {
    return read(file.path());
  } catch (const idx::FileError& error) {
    const std::string_view message = error.what();
    fuzz::require(message.starts_with(file.path().string() + ": "), "a message names its file");
    return std::nullopt;
  }
}

void check(const idx::Images& images, std::size_t most_bytes) {
  fuzz::require(images.count > 0 && images.channels > 0 && images.height > 0 && images.width > 0,
                "no size is 0");
  fuzz::require(images.pixels.size() <= most_bytes, "there are no more pixels than bytes");
  fuzz::require(images.pixels.size() / static_cast<std::size_t>(images.count) ==
                    static_cast<std::size_t>(images.elements_per_image()),
                "every image has its pixels");
}

void check(const std::vector<std::uint8_t>& labels, std::size_t most_bytes) {
  fuzz::require(!labels.empty() && labels.size() <= most_bytes, "there are labels");
  const std::int64_t classes = idx::number_of_classes("labels", labels, 0);
  fuzz::require(classes == idx::number_of_classes("labels", labels, classes),
                "every label is below the number of classes");
}

/// The same bytes as a gzip file. They are stored rather than compressed, which is faster.
void compress(const testing::MemoryFile& file, const unsigned char* data, std::size_t size) {
  const gzFile gzip = ::gzopen(file.path().c_str(), "wb0");
  ::gzwrite(gzip, data, static_cast<unsigned>(size));
  fuzz::require(::gzclose(gzip) == Z_OK, "the file in memory can be written");
}

bool are_equal(const std::vector<std::uint8_t>& a, const std::vector<std::uint8_t>& b) {
  return a == b;
}

bool are_equal(const idx::Images& a, const idx::Images& b) {
  return a.pixels == b.pixels && a.height == b.height && a.channels == b.channels;
}

/// Returns whether the plain file, whose bytes these are, is taken.
template <class Read>
bool try_file(const testing::MemoryFile& plain, const testing::MemoryFile* compressed,
              std::size_t size, Read&& read) {
  constexpr std::size_t kLargestRatio = 1032;
  const auto content = read_file(plain, read);
  if (content) check(*content, compressed == nullptr ? size * kLargestRatio : size);
  if (compressed == nullptr) return content.has_value();
  const auto again = read_file(*compressed, read);
  fuzz::require(again.has_value() == content.has_value(), "compression does not decide");
  fuzz::require(!content || are_equal(*content, *again), "compression changes nothing");
  return content.has_value();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const unsigned char* data, std::size_t size) {
  static testing::MemoryFile plain;
  static testing::MemoryFile compressed;
  plain.assign({reinterpret_cast<const char*>(data), size});
  const bool is_gzip = size >= 2 && data[0] == 0x1f && data[1] == 0x8b;
  if (!is_gzip) compress(compressed, data, size);
  const testing::MemoryFile* other = is_gzip ? nullptr : &compressed;
  const bool are_images = try_file(plain, other, size, idx::read_images);
  const bool are_labels = try_file(plain, other, size, idx::read_labels);
  fuzz::require(!are_images || !are_labels, "no file is both images and labels");
  if (!are_images && !are_labels) fuzz::refused("neither images nor labels");
  return 0;
}

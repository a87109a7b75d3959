// SPDX-License-Identifier: MIT
#include "idx_file.hpp"

#include <algorithm>
#include <array>
#include <cstdio>

#include "idx_stream.hpp"

namespace idx {
namespace {

constexpr std::uint8_t kUnsignedByte = 0x08;
constexpr std::size_t kMagicBytes = 4;
constexpr std::size_t kBytesPerSize = 4;
constexpr std::size_t kMostDimensions = 4;
/// Data is read in pieces that grow with what has arrived, so that a header alone allocates little.
constexpr std::uint64_t kFirstPiece = 64ULL << 20;

/// What the elements are used as; decides the dimensions and the words of the messages.
struct Use {
  const char* plural;
  std::size_t least_dimensions;
  std::size_t most_dimensions;
  std::size_t swapped_dimensions;  ///< what tells that images and labels are swapped
};
constexpr Use kImages{"images", 3, 4, 1};
constexpr Use kLabels{"labels", 1, 1, 3};

struct Content {
  std::vector<std::uint64_t> sizes;
  std::vector<std::uint8_t> bytes;
};

[[noreturn]] void fail(const std::filesystem::path& file, const std::string& text) {
  throw FileError(file.string() + ": " + text);
}

std::uint32_t big_endian(const std::uint8_t* bytes) {
  return std::uint32_t{bytes[0]} << 24 | std::uint32_t{bytes[1]} << 16 |
         std::uint32_t{bytes[2]} << 8 | std::uint32_t{bytes[3]};
}

template <class... Values>
std::string format(const char* pattern, Values... values) {
  std::array<char, 256> text;
  std::snprintf(text.data(), text.size(), pattern, values...);
  return text.data();
}

std::string plural(std::uint64_t count, const char* word) {
  return std::to_string(count) + " " + word + (count == 1 ? "" : "s");
}

/// Checks the magic number and returns the number of dimensions.
std::size_t read_magic(const std::filesystem::path& file, const Use& use,
                       const std::uint8_t* magic) {
  const auto expected = static_cast<unsigned>(kUnsignedByte << 8 | use.least_dimensions);
  const unsigned found = big_endian(magic);
  if (found >> 16 != 0) {
    const bool swapped = (found & 0xffffU) == 0 && (found >> 16 & 0xffU) == kUnsignedByte;
    fail(file,
         format("not an IDX file of %s: magic 0x%08x found, 0x%08x expected%s", use.plural, found,
                expected, swapped ? "; the header is little-endian, IDX is big-endian" : ""));
  }
  const std::uint8_t type = magic[2];
  const std::size_t dimensions = magic[3];
  if (type != kUnsignedByte) {
    fail(file, format("element type 0x%02X is not supported, only 0x08 (unsigned byte) is", type));
  }
  if (dimensions < use.least_dimensions || dimensions > use.most_dimensions) {
    const bool swapped = dimensions == use.swapped_dimensions;
    fail(file, plural(dimensions, "dimension") + " where " + use.plural + " need " +
                   std::to_string(use.least_dimensions) +
                   format(" (magic 0x%08x found, 0x%08x expected)", found, expected) +
                   (swapped ? "; are images and labels swapped?" : ""));
  }
  return dimensions;
}

/// Reads the header and returns the sizes of all dimensions.
std::vector<std::uint64_t> read_header(const std::filesystem::path& file, const Use& use,
                                       Stream& stream) {
  std::array<std::uint8_t, kMagicBytes + kBytesPerSize * kMostDimensions> header{};
  std::size_t size = kMagicBytes + kBytesPerSize * use.least_dimensions;
  std::size_t got = stream.read(header.data(), kMagicBytes);
  if (got == kMagicBytes) {
    const std::size_t dimensions = read_magic(file, use, header.data());
    size = kMagicBytes + kBytesPerSize * dimensions;
    got += stream.read(header.data() + kMagicBytes, size - kMagicBytes);
  }
  if (got < size) fail(file, format("header cut short: needs %zu bytes, has %zu", size, got));
  std::vector<std::uint64_t> sizes;
  for (std::size_t at = kMagicBytes; at < size; at += kBytesPerSize) {
    sizes.push_back(big_endian(header.data() + at));
  }
  return sizes;
}

void check_not_empty(const std::filesystem::path& file, const Use& use,
                     const std::vector<std::uint64_t>& sizes) {
  static constexpr std::array<const char*, 3> kNames{"columns", "rows", "channels"};
  if (sizes.front() == 0) fail(file, std::string("no ") + use.plural + ": its header counts 0");
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    if (sizes[i] == 0) fail(file, std::string("images of zero ") + kNames[sizes.size() - 1 - i]);
  }
}

std::string product(const std::vector<std::uint64_t>& sizes) {
  std::string text;
  for (const std::uint64_t size : sizes) text += (text.empty() ? "" : " x ") + std::to_string(size);
  return text;
}

/// Size of header and data in bytes.
std::uint64_t total_bytes(const std::filesystem::path& file,
                          const std::vector<std::uint64_t>& sizes) {
  std::uint64_t bytes = 1;
  for (const std::uint64_t size : sizes) {
    if (__builtin_mul_overflow(bytes, size, &bytes) || bytes > (1ULL << 62)) {
      fail(file, "sizes overflow: " + product(sizes) + " bytes cannot be");
    }
  }
  return bytes + kMagicBytes + kBytesPerSize * sizes.size();
}

[[noreturn]] void fail_size(const std::filesystem::path& file, const Stream& stream,
                            const std::vector<std::uint64_t>& sizes, const std::string& found) {
  fail(file, "expected " + std::to_string(total_bytes(file, sizes)) + " bytes for " +
                 product(sizes) + " after the header, found " + found +
                 (stream.is_compressed() ? " after decompression" : ""));
}

Content read(const std::filesystem::path& file, const Use& use) {
  Stream stream(file);
  Content content{read_header(file, use, stream), {}};
  const std::vector<std::uint64_t>& sizes = content.sizes;
  check_not_empty(file, use, sizes);
  const std::uint64_t expected = total_bytes(file, sizes);
  if (!stream.is_compressed() && expected != stream.file_size()) {
    fail_size(file, stream, sizes, std::to_string(stream.file_size()));
  }
  if (expected > stream.capacity()) {
    fail_size(file, stream, sizes, "at most " + std::to_string(stream.capacity()));
  }
  const std::uint64_t header = kMagicBytes + kBytesPerSize * sizes.size();
  const std::uint64_t size = expected - header;
  std::uint64_t done = 0;
  while (done < size) {
    const std::uint64_t piece = std::min(size - done, std::max(kFirstPiece, done));
    content.bytes.resize(done + piece);
    const std::size_t got = stream.read(content.bytes.data() + done, piece);
    done += got;
    if (got < piece) fail_size(file, stream, sizes, std::to_string(header + done));
  }
  // Looking for more also checks the last checksum of a gzip file.
  std::uint8_t extra = 0;
  if (stream.read(&extra, 1) > 0) fail_size(file, stream, sizes, "more");
  return content;
}

}  // namespace

Images read_images(const std::filesystem::path& file) {
  Content content = read(file, kImages);
  std::vector<std::int64_t> sizes(content.sizes.begin(), content.sizes.end());
  if (sizes.size() == 3) sizes.insert(sizes.begin() + 1, 1);
  return {sizes[0], sizes[1], sizes[2], sizes[3], std::move(content.bytes)};
}

std::vector<std::uint8_t> read_labels(const std::filesystem::path& file) {
  return read(file, kLabels).bytes;
}

void check_counts(const std::filesystem::path& images_file, std::int64_t images,
                  const std::filesystem::path& labels_file, std::int64_t labels) {
  if (images == labels) return;
  fail(images_file, std::to_string(images) + " images but " + std::to_string(labels) +
                        " labels in " + labels_file.string());
}

std::int64_t number_of_classes(const std::filesystem::path& labels_file,
                               const std::vector<std::uint8_t>& labels, std::int64_t expected) {
  if (expected <= 0) return std::int64_t{*std::max_element(labels.begin(), labels.end())} + 1;
  const auto wrong = std::find_if(labels.begin(), labels.end(),
                                  [&](std::uint8_t label) { return label >= expected; });
  if (wrong != labels.end()) {
    fail(labels_file, "label " + std::to_string(*wrong) + " at index " +
                          std::to_string(wrong - labels.begin()) + ", allowed 0.." +
                          std::to_string(expected - 1) + " (num_classes is " +
                          std::to_string(expected) + ")");
  }
  return expected;
}

std::filesystem::path find_file(const std::filesystem::path& folder, const std::string& name) {
  std::error_code ignored;
  const std::filesystem::path plain = folder / name;
  if (std::filesystem::exists(plain, ignored)) return plain;
  const std::filesystem::path compressed = folder / (name + ".gz");
  if (std::filesystem::exists(compressed, ignored)) return compressed;
  fail(plain, "no such file, nor " + name + ".gz beside it");
}

}  // namespace idx

// SPDX-License-Identifier: MIT
// Reads files in the IDX format, plain or gzip-compressed. Knows neither the host nor LibTorch.
//
// The format (as described with the MNIST database, LeCun, Cortes and Burges): two zero bytes, the
// element type, the number of dimensions, each size as a big-endian 32-bit number, the elements.
#pragma once

#include <cstdint>
#include <filesystem>
#include <stdexcept>
#include <string>
#include <vector>

namespace idx {

/// A file that is missing, damaged, or not what it is used as. The message is one line with the
/// path, what was expected and what was found.
class FileError : public std::runtime_error {
 public:
  using std::runtime_error::runtime_error;
};

/// Images in file order, each `channels` planes of `height` rows of `width` pixels; no size is 0.
struct Images {
  std::int64_t count;
  std::int64_t channels;  ///< 1 unless the file has four dimensions
  std::int64_t height;
  std::int64_t width;
  std::vector<std::uint8_t> pixels;

  std::int64_t elements_per_image() const {
    return channels * height * width;
  }
};

/// Reads unsigned bytes of three (count, height, width) or four (count, channels, height, width)
/// dimensions. Nothing is allocated for data that the file does not hold. Throws FileError.
Images read_images(const std::filesystem::path& file);

/// Reads unsigned bytes of one dimension, at least one. Throws FileError.
std::vector<std::uint8_t> read_labels(const std::filesystem::path& file);

/// Checks that there is one label an image. Throws FileError, which names both files.
void check_counts(const std::filesystem::path& images_file, std::int64_t images,
                  const std::filesystem::path& labels_file, std::int64_t labels);

/// The number of classes: the largest label plus one or, when `expected` is above 0, `expected`,
/// after checking that every label is below it. Throws FileError.
std::int64_t number_of_classes(const std::filesystem::path& labels_file,
                               const std::vector<std::uint8_t>& labels, std::int64_t expected);

/// `folder / name`, or that with ".gz" appended when only the compressed file exists. Throws
/// FileError when there is neither.
std::filesystem::path find_file(const std::filesystem::path& folder, const std::string& name);

}  // namespace idx

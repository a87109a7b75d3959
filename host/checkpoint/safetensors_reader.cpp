// SPDX-License-Identifier: MIT
#include <fcntl.h>
#include <sys/stat.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <nlohmann/json.hpp>
#include <set>
#include <tuple>

#include "host/checkpoint/foreign_file.hpp"
#include "host/checkpoint/safetensors.hpp"
#include "host/checkpoint/safetensors_layout.hpp"
#include "host/common/error.hpp"

namespace knack::host {
namespace {

using Json = nlohmann::json;

constexpr int kDeepestNesting = 2;  // header, tensor, shape
constexpr std::size_t kLongestQuote = 200;

/// `value` as JSON, which is one line whatever a hostile file put there; cut to a readable length.
std::string quote(const Json& value) {
  std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  if (text.size() > kLongestQuote) text.resize(kLongestQuote), text += "...";
  return text;
}

std::string bytes_text(std::uint64_t count) {
  return std::to_string(count) + " bytes";
}

/// Why a header is refused while it is parsed.
struct HeaderProblem {
  std::string place;
  std::string expected;
  std::string found;
};

/// Parses without ever holding more than the format's three levels, and refuses a name that comes
/// twice in one object, of which nlohmann::json would silently keep the last.
Json parse_strictly(const std::string& header) {
  std::array<std::set<std::string>, kDeepestNesting + 1> names;
  const auto check = [&](int depth, Json::parse_event_t event, Json& value) {
    const bool opens =
        event == Json::parse_event_t::object_start || event == Json::parse_event_t::array_start;
    if (opens && depth > kDeepestNesting) {
      throw HeaderProblem{"header", "at most 3 nested values", "more"};
    }
    if (event == Json::parse_event_t::object_start && depth < kDeepestNesting) {
      names[depth + 1].clear();
    }
    if (event == Json::parse_event_t::key && depth <= kDeepestNesting &&
        !names[depth].insert(value.get<std::string>()).second) {
      throw HeaderProblem{"header", "every name once", quote(value) + " twice"};
    }
    return true;
  };
  try {
    return Json::parse(header, check);
  } catch (const Json::parse_error& error) {
    throw HeaderProblem{"header", "one JSON object",
                        "a syntax error at its byte " + std::to_string(error.byte)};
  } catch (const Json::exception&) {
    throw HeaderProblem{"header", "one JSON object", "a number out of range"};
  }
}

const Json& field(const Json& tensor, const char* name) {
  static const Json kNone;
  const auto it = tensor.find(name);
  return it == tensor.end() ? kNone : *it;
}

std::vector<std::int64_t> parse_sizes(const std::string& place, const Json& array,
                                      const std::string& expected) {
  const auto is_size = [](const Json& size) {
    return size.is_number_unsigned() && size.get<std::uint64_t>() <= std::uint64_t{INT64_MAX};
  };
  if (!array.is_array() || !std::all_of(array.begin(), array.end(), is_size)) {
    throw HeaderProblem{place, expected, quote(array)};
  }
  return array.get<std::vector<std::int64_t>>();
}

/// One entry of the header; its offset is still relative to the start of the data.
StoredTensor parse_tensor(const std::string& name, const Json& entry) {
  const std::string place = "tensor " + quote(name);
  if (!entry.is_object()) throw HeaderProblem{place, "a JSON object", quote(entry)};
  StoredTensor tensor;
  tensor.name = name;
  const Json& dtype = field(entry, "dtype");
  if (!dtype.is_string() || element_size(dtype.get_ref<const std::string&>()) == 0) {
    throw HeaderProblem{place, "a dtype of " + dtype_names(), quote(dtype)};
  }
  tensor.dtype = dtype;
  tensor.shape = parse_sizes(place, field(entry, "shape"), "a shape of whole numbers from 0");
  const std::string expected_offsets = "data_offsets [begin, end] with begin <= end";
  const auto offsets = parse_sizes(place, field(entry, "data_offsets"), expected_offsets);
  if (offsets.size() != 2 || offsets[0] > offsets[1]) {
    throw HeaderProblem{place, expected_offsets, quote(field(entry, "data_offsets"))};
  }
  tensor.offset = static_cast<std::uint64_t>(offsets[0]);
  tensor.bytes = static_cast<std::uint64_t>(offsets[1] - offsets[0]);
  const auto bytes = tensor_bytes(tensor.dtype, tensor.shape);
  const std::string what = tensor.dtype + " " + quote(tensor.shape);
  if (!bytes) throw HeaderProblem{place, "a size below 2^63 bytes", what};
  if (*bytes != tensor.bytes) {
    throw HeaderProblem{place, bytes_text(*bytes) + " for " + what, bytes_text(tensor.bytes)};
  }
  return tensor;
}

std::map<std::string, std::string> parse_metadata(const Json& metadata) {
  const auto is_text = [](const Json& value) { return value.is_string(); };
  if (!metadata.is_object() || !std::all_of(metadata.begin(), metadata.end(), is_text)) {
    throw HeaderProblem{kSafetensorsMetadata, "an object of strings", quote(metadata)};
  }
  return metadata.get<std::map<std::string, std::string>>();
}

}  // namespace

SafetensorsReader::SafetensorsReader(std::filesystem::path file) : file_(std::move(file)) {
  open();
  try {
    parse_header(read_header());
    check_layout();
  } catch (const HeaderProblem& problem) {
    refuse(problem.place, problem.expected, problem.found);
  }
}

void SafetensorsReader::open() {
  // O_NONBLOCK: opening a pipe nobody writes to would otherwise wait for ever.
  descriptor_ = FileDescriptor(::open(file_.c_str(), O_RDONLY | O_NONBLOCK | O_CLOEXEC));
  struct stat status{};
  if (!descriptor_.is_open() || ::fstat(descriptor_.get(), &status) != 0) {
    const int cause = errno;
    throw Error("E0502", file_,
                cause == ENOENT ? std::string("there is no such file; check the path")
                                : std::string("cannot be read: ") + std::strerror(cause) +
                                      "; check its permissions");
  }
  if (!S_ISREG(status.st_mode)) {
    throw Error("E0502", file_,
                std::string("expected a regular file, found ") +
                    (S_ISDIR(status.st_mode) ? "a folder" : "a special file") +
                    "; name a .safetensors file");
  }
  file_size_ = static_cast<std::uint64_t>(status.st_size);
}

std::string SafetensorsReader::read_header() {
  std::array<char, 9> start{};
  const std::size_t got = read_at(descriptor_.get(), start.data(), start.size(), 0);
  std::uint64_t length = 0;
  std::memcpy(&length, start.data(), sizeof(length));
  const std::uint64_t most =
      got < start.size() ? 0 : std::min(file_size_ - sizeof(length), kLongestSafetensorsHeader);
  const bool is_sound = length > 0 && length <= most && start.back() == '{';
  if (!is_sound) refuse_foreign();  // not before: a sound file may begin like others by chance
  if (got < start.size()) refuse("file", "at least 9 bytes", bytes_text(got));
  if (length == 0 || length > most) {
    refuse("header", "a length from 1 to " + bytes_text(most), bytes_text(length));
  }
  if (!is_sound) refuse("header", "{ as its first character", quote(std::string(1, start.back())));
  std::string header(length, '\0');
  const std::size_t read = read_at(descriptor_.get(), header.data(), length, sizeof(length));
  if (read < length) refuse("header", bytes_text(length), bytes_text(read));
  data_begin_ = sizeof(length) + length;
  return header;
}

void SafetensorsReader::parse_header(const std::string& header) {
  const Json json = parse_strictly(header);
  for (const auto& [name, entry] : json.items()) {
    if (name == kSafetensorsMetadata) {
      metadata_ = parse_metadata(entry);
    } else {
      tensors_.push_back(parse_tensor(name, entry));
    }
  }
}

void SafetensorsReader::check_layout() {
  const auto place_in_file = [](const StoredTensor& tensor) {
    return std::tie(tensor.offset, tensor.bytes, tensor.name);
  };
  std::sort(tensors_.begin(), tensors_.end(),
            [&](const auto& a, const auto& b) { return place_in_file(a) < place_in_file(b); });
  const std::uint64_t data_size = file_size_ - data_begin_;
  std::uint64_t end = 0;
  for (StoredTensor& tensor : tensors_) {
    const std::string place = "tensor " + quote(tensor.name);
    if (tensor.offset != end) {
      refuse(place, "its data at offset " + std::to_string(end),
             std::to_string(tensor.offset) + (tensor.offset < end ? ", an overlap" : ", a gap"));
    }
    if (tensor.bytes > data_size - end) {
      refuse(place, bytes_text(tensor.bytes) + " of data", bytes_text(data_size - end));
    }
    end += tensor.bytes;
    tensor.offset += data_begin_;
    index_.emplace(tensor.name, index_.size());
  }
  if (end != data_size) {
    refuse("file", "its end after " + bytes_text(end) + " of data", bytes_text(data_size));
  }
}

void SafetensorsReader::refuse_foreign() const {
  const auto foreign = recognise_foreign_file(descriptor_.get(), file_size_, file_);
  if (!foreign) return;
  Diagnostic problem;
  problem.id = "E0508";
  problem.sentence = "expected a safetensors file, found " + foreign->what;
  problem.place.source = file_.string();
  problem.helps = foreign->helps;
  throw Error(problem);
}

const StoredTensor* SafetensorsReader::find(const std::string& name) const {
  const auto it = index_.find(name);
  return it == index_.end() ? nullptr : &tensors_[it->second];
}

void SafetensorsReader::read(const StoredTensor& tensor, void* buffer) const {
  const std::size_t got = read_at(descriptor_.get(), buffer, tensor.bytes, tensor.offset);
  if (got == tensor.bytes) return;
  refuse("tensor " + quote(tensor.name), bytes_text(tensor.bytes),
         errno != 0 ? std::string(std::strerror(errno)) : bytes_text(got));
}

void SafetensorsReader::refuse(const std::string& place, const std::string& expected,
                               const std::string& found) const {
  throw Error("E0506", file_,
              place + ": expected " + expected + ", found " + found +
                  "; the file is damaged or no safetensors file, write or download it again");
}

}  // namespace knack::host

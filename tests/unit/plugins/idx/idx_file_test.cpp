// SPDX-License-Identifier: MIT
// The IDX reader on real data, on files made to break it, and on random damage.
#include "plugins/datasets/idx/idx_file.hpp"

#include <gmock/gmock.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <unistd.h>
#include <zlib.h>

#include <cmath>
#include <cstdlib>
#include <fstream>
#include <map>
#include <random>
#include <sstream>

#include "tests/support/temporary_folder.hpp"

namespace {

using ::knack::testing::file_bytes;
using ::knack::testing::TemporaryFolder;
using ::testing::AllOf;
using ::testing::HasSubstr;
using ::testing::Matcher;

constexpr std::size_t kOkImageBytes = 256;

/// Where the shared test data lies: beside the source tree unless KNACK_TEST_DATA says otherwise.
std::filesystem::path shared_data(const char* folder) {
  const char* root = std::getenv("KNACK_TEST_DATA");
  const std::filesystem::path data = root ? root : KNACK_SOURCE_DIR "/../shared/data";
  return data / folder;
}

#define SKIP_WITHOUT(folder)                                                           \
  if (!std::filesystem::exists(folder)) {                                              \
    GTEST_SKIP() << folder << " is not there; set KNACK_TEST_DATA to the data folder"; \
  }

/// The message of the FileError that `action` throws; the test fails when it throws none.
template <class Action>
std::string message_of(Action&& action) {
  try {
    action();
  } catch (const idx::FileError& error) {
    EXPECT_EQ(std::string(error.what()).find('\n'), std::string::npos) << error.what();
    return error.what();
  }
  ADD_FAILURE() << "nothing was refused";
  return "";
}

std::string header(std::initializer_list<std::uint32_t> sizes) {
  std::string bytes{'\0', '\0', '\x08', static_cast<char>(sizes.size())};
  for (const std::uint32_t size : sizes) {
    for (int shift = 24; shift >= 0; shift -= 8) bytes += static_cast<char>(size >> shift & 0xff);
  }
  return bytes;
}

std::string gzip(const std::string& bytes) {
  z_stream stream{};
  constexpr int kGzip = 15 + 16;
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, kGzip, 8, Z_DEFAULT_STRATEGY);
  std::string result(deflateBound(&stream, bytes.size()), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(result.data());
  stream.avail_out = static_cast<uInt>(result.size());
  deflate(&stream, Z_FINISH);
  result.resize(stream.total_out);
  deflateEnd(&stream);
  return result;
}

/// A file in memory, for tests that read thousands.
class MemoryFile {
 public:
  MemoryFile() : descriptor_(memfd_create("idx", 0)) {}
  MemoryFile(const MemoryFile&) = delete;
  MemoryFile& operator=(const MemoryFile&) = delete;
  ~MemoryFile() {
    close(descriptor_);
  }

  /// Its path once it holds `bytes`.
  std::filesystem::path write(const std::string& bytes) const {
    EXPECT_EQ(ftruncate(descriptor_, 0), 0);
    EXPECT_EQ(pwrite(descriptor_, bytes.data(), bytes.size(), 0),
              static_cast<ssize_t>(bytes.size()));
    return "/proc/self/fd/" + std::to_string(descriptor_);
  }

 private:
  int descriptor_;
};

/// Refuses allocations above 1 GiB of address space beyond what is in use, while it lives.
class AddressSpaceLimit {
 public:
  AddressSpaceLimit() {
    getrlimit(RLIMIT_AS, &before_);
    std::ifstream pages("/proc/self/statm");
    rlim_t used = 0;
    pages >> used;
    rlimit limit = before_;
    limit.rlim_cur = used * 4096 + (1ULL << 30);
    setrlimit(RLIMIT_AS, &limit);
  }
  AddressSpaceLimit(const AddressSpaceLimit&) = delete;
  AddressSpaceLimit& operator=(const AddressSpaceLimit&) = delete;
  ~AddressSpaceLimit() {
    setrlimit(RLIMIT_AS, &before_);
  }

 private:
  rlimit before_{};
};

TEST(IdxFile, ReadsTheDigits) {
  const std::filesystem::path root = KNACK_SOURCE_DIR "/configs/data/digits";
  const idx::Images train = idx::read_images(root / "train-images-idx3-ubyte");
  EXPECT_EQ(train.count, 1437);
  EXPECT_EQ(train.channels, 1);
  EXPECT_EQ(train.height, 8);
  EXPECT_EQ(train.width, 8);
  EXPECT_EQ(train.pixels.size(), 1437U * 64);
  EXPECT_EQ(idx::read_images(root / "t10k-images-idx3-ubyte").count, 360);
  const auto labels = idx::read_labels(root / "train-labels-idx1-ubyte");
  std::vector<int> per_class(10);
  for (const std::uint8_t label : labels) ++per_class.at(label);
  EXPECT_EQ(per_class, (std::vector<int>{142, 146, 142, 146, 145, 145, 145, 143, 139, 144}));
  EXPECT_EQ(idx::number_of_classes(root / "train-labels-idx1-ubyte", labels, 0), 10);
}

TEST(IdxFile, ReadsFashionMnistFromGzip) {
  const std::filesystem::path root = shared_data("fashion-mnist");
  SKIP_WITHOUT(root);
  const idx::Images train = idx::read_images(idx::find_file(root, "train-images-idx3-ubyte"));
  ASSERT_EQ(train.count, 60000);
  EXPECT_EQ(train.height, 28);
  EXPECT_EQ(train.width, 28);
  double sum = 0;
  double squares = 0;
  for (const std::uint8_t pixel : train.pixels) {
    sum += pixel / 255.0;
    squares += pixel / 255.0 * (pixel / 255.0);
  }
  const double mean = sum / static_cast<double>(train.pixels.size());
  EXPECT_NEAR(mean, 0.2860, 5e-5);
  EXPECT_NEAR(std::sqrt(squares / static_cast<double>(train.pixels.size()) - mean * mean), 0.3530,
              5e-5);
}

class HostileIdx : public ::testing::Test {
 protected:
  idx::Images images(const std::string& name) const {
    return idx::read_images(root_ / name);
  }

  const std::filesystem::path root_ = KNACK_SOURCE_DIR "/tests/unit/plugins/idx/hostile";
};

TEST_F(HostileIdx, ReadsWhatIsWhole) {
  const idx::Images plain = images("ok-images-idx3-ubyte");
  EXPECT_EQ(plain.count, 12);
  EXPECT_EQ(plain.height, 5);
  EXPECT_EQ(plain.width, 4);
  for (const char* name : {"ok-images-idx3-ubyte.gz", "ok-two-member-images-idx3-ubyte.gz",
                           "plain-named-images-idx3-ubyte.gz"}) {
    EXPECT_EQ(images(name).pixels, plain.pixels) << name;
  }
  const idx::Images channels = images("four-dim-images-idx4-ubyte");
  EXPECT_EQ(channels.count, 4);
  EXPECT_EQ(channels.channels, 3);
  EXPECT_EQ(channels.height, 5);
  EXPECT_EQ(channels.width, 4);
  const auto labels = idx::read_labels(root_ / "ok-labels-idx1-ubyte");
  EXPECT_EQ(labels, (std::vector<std::uint8_t>{0, 1, 2, 0, 1, 2, 0, 1, 2, 0, 1, 2}));
  EXPECT_EQ(idx::number_of_classes(root_ / "ok-labels-idx1-ubyte", labels, 3), 3);
}

TEST_F(HostileIdx, RefusesDamagedFilesWithWhatTheManifestAsksFor) {
  const std::map<std::string, Matcher<std::string>> expected{
      {"truncated-data-images-idx3-ubyte",
       AllOf(HasSubstr("expected 256"), HasSubstr("found 223"))},
      {"truncated-header-images-idx3-ubyte",
       AllOf(HasSubstr("header cut short"), HasSubstr("needs 16 bytes, has 9"))},
      {"empty-images-idx3-ubyte", HasSubstr("empty file")},
      {"truncated-labels-idx1-ubyte", AllOf(HasSubstr("expected 20"), HasSubstr("found 15"))},
      {"truncated-images-idx3-ubyte.gz", HasSubstr("gzip stream ends early")},
      {"badcrc-images-idx3-ubyte.gz", HasSubstr("gzip checksum wrong")},
      {"wrong-magic-images-idx3-ubyte",
       AllOf(HasSubstr("0xdeadbeef found"), HasSubstr("0x00000803 expected"))},
      {"labels-magic-images-idx3-ubyte",
       AllOf(HasSubstr("1 dimension where images need 3"), HasSubstr("labels swapped?"))},
      {"little-endian-images-idx3-ubyte", HasSubstr("magic 0x03080000 found")},
      {"float-images-idx3", HasSubstr("element type 0x0D is not supported")},
      {"trailing-images-idx3-ubyte", AllOf(HasSubstr("expected 256"), HasSubstr("found 267"))},
      {"huge-count-images-idx3-ubyte",
       AllOf(HasSubstr("expected 1683627179264 bytes"), HasSubstr("found 256"))},
      {"overflow-images-idx3-ubyte", HasSubstr("sizes overflow")},
      {"zero-count-images-idx3-ubyte", HasSubstr("no images")},
      {"zero-count-labels-idx1-ubyte", HasSubstr("no labels")},
      {"zero-rows-images-idx3-ubyte", HasSubstr("zero rows")},
  };
  const AddressSpaceLimit limit;
  for (const auto& [name, text] : expected) {
    const bool labels = name.find("-labels-idx1") != std::string::npos;
    const std::string message = message_of([&, &file = name] {
      if (labels) {
        idx::read_labels(root_ / file);
      } else {
        images(file);
      }
    });
    EXPECT_THAT(message, AllOf(HasSubstr((root_ / name).string()), text));
  }
}

TEST_F(HostileIdx, RefusesLabelsThatDoNotFit) {
  const std::filesystem::path ok = root_ / "ok-images-idx3-ubyte";
  for (const auto& [name, count] : {std::pair{"count-short-labels-idx1-ubyte", 11},
                                    std::pair{"count-long-labels-idx1-ubyte", 13}}) {
    const auto labels = idx::read_labels(root_ / name);
    EXPECT_THAT(message_of([&, &file = name] {
                  idx::check_counts(ok, images("ok-images-idx3-ubyte").count, root_ / file,
                                    static_cast<std::int64_t>(labels.size()));
                }),
                AllOf(HasSubstr(ok.string()), HasSubstr((root_ / name).string()),
                      HasSubstr("12 images but " + std::to_string(count) + " labels")));
  }
  const auto refused = [&](const char* name) {
    return message_of(
        [&] { idx::number_of_classes(root_ / name, idx::read_labels(root_ / name), 3); });
  };
  EXPECT_THAT(refused("out-of-range-labels-idx1-ubyte"),
              HasSubstr("out-of-range-labels-idx1-ubyte: label 200 at index 7, allowed 0..2"));
  EXPECT_THAT(refused("off-by-one-labels-idx1-ubyte"),
              HasSubstr("off-by-one-labels-idx1-ubyte: label 3 at index 4, allowed 0..2"));
}

TEST_F(HostileIdx, KnowsEveryFileOfTheManifest) {
  std::ifstream manifest(root_ / "MANIFEST.tsv");
  std::string line;
  std::getline(manifest, line);
  int files = 0;
  while (std::getline(manifest, line)) {
    std::istringstream fields(line);
    std::string name;
    std::string expect;
    std::getline(fields, name, '\t');
    std::getline(fields, expect, '\t');
    const bool labels = name.find("-labels-idx1") != std::string::npos;
    const auto read = [&] {
      if (!labels) {
        idx::read_images(root_ / name);
        return;
      }
      const auto found = idx::read_labels(root_ / name);
      idx::check_counts("images", 12, root_ / name, static_cast<std::int64_t>(found.size()));
      idx::number_of_classes(root_ / name, found, 3);
    };
    ++files;
    if (expect == "ok") {
      EXPECT_NO_THROW(read()) << name;
    } else if (expect == "error") {
      EXPECT_THROW(read(), idx::FileError) << name;
    }
  }
  EXPECT_EQ(files, 26);
}

TEST(IdxFile, RefusesACompressedFileThatClaimsMoreThanItCanHold) {
  const TemporaryFolder folder;
  const AddressSpaceLimit limit;
  const auto huge = folder.write("huge.gz", gzip(header({0x7fffffff, 28, 28}) + "abc"));
  EXPECT_THAT(message_of([&] { idx::read_images(huge); }), HasSubstr("found at most"));
  // 70 MB of zeros make the claim possible; memory still grows only with what arrives.
  const auto bomb =
      folder.write("bomb.gz", gzip(header({70, 1000, 1001}) + std::string(70000000, 0)));
  EXPECT_THAT(
      message_of([&] { idx::read_images(bomb); }),
      AllOf(HasSubstr("expected 70070016 bytes"), HasSubstr("found 70000016 after decompression")));
}

TEST(IdxFile, RefusesACompressedFileThatHoldsMoreThanItClaims) {
  const TemporaryFolder folder;
  const auto file = folder.write("more.gz", gzip(header({1, 2, 2}) + "abcdE"));
  EXPECT_THAT(message_of([&] { idx::read_images(file); }),
              HasSubstr("expected 20 bytes for 1 x 2 x 2 after the header, found more"));
}

TEST(IdxFile, RefusesPathsThatAreNoFiles) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of([&] { idx::read_images(folder.path()); }), HasSubstr("not a file"));
  EXPECT_THAT(message_of([&] { idx::read_images(folder.path() / "absent"); }),
              HasSubstr("no such file"));
}

TEST(IdxFile, PrefersThePlainFileAndNamesBothWhenNeitherIsThere) {
  const TemporaryFolder folder;
  EXPECT_THAT(message_of([&] { idx::find_file(folder.path(), "labels"); }),
              HasSubstr("labels: no such file, nor labels.gz beside it"));
  const auto compressed = folder.write("labels.gz", "");
  EXPECT_EQ(idx::find_file(folder.path(), "labels"), compressed);
  const auto plain = folder.write("labels", "");
  EXPECT_EQ(idx::find_file(folder.path(), "labels"), plain);
}

TEST(IdxFile, SurvivesRandomDamage) {
  const MemoryFile memory;
  std::mt19937 random(20240611);
  std::string plain = header({12, 5, 4});
  for (std::size_t i = plain.size(); i < kOkImageBytes; ++i) plain += static_cast<char>(random());
  const AddressSpaceLimit limit;
  int refused = 0;
  for (const std::string& whole : {plain, gzip(plain)}) {
    for (int round = 0; round < 5000; ++round) {
      std::string bytes = whole;
      for (std::uint32_t edits = 1 + random() % 4; edits > 0; --edits) {
        const bool in_header = random() % 2 == 0;
        bytes[random() % (in_header ? 16 : bytes.size())] = static_cast<char>(random());
      }
      if (random() % 4 == 0) bytes.resize(random() % bytes.size());
      const std::filesystem::path file = memory.write(bytes);
      try {
        const idx::Images images = idx::read_images(file);
        EXPECT_EQ(static_cast<std::int64_t>(images.pixels.size()),
                  images.count * images.elements_per_image());
      } catch (const idx::FileError&) {
        ++refused;
      }
    }
  }
  EXPECT_GT(refused, 5000);
}

}  // namespace

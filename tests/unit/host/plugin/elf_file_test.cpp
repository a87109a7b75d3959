// SPDX-License-Identifier: MIT
#include "host/plugin/elf_file.hpp"

#include <elf.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>
#include <knack/abi/entry.h>
#include <sys/stat.h>

#include <algorithm>
#include <cstring>
#include <random>

#include "host/common/error.hpp"
#include "host/plugin/manifest.hpp"
#include "tests/support/error_message.hpp"
#include "tests/support/memory_file.hpp"
#include "tests/support/temporary_folder.hpp"
#include "tests/unit/host/plugin/allocation_watch.hpp"

namespace knack::host {
namespace {

using knack::testing::error_message;
using knack::testing::file_bytes;
using knack::testing::largest_allocation;
using knack::testing::MemoryFile;
using knack::testing::start_allocation_watch;
using knack::testing::TemporaryFolder;
using ::testing::HasSubstr;
using ::testing::StartsWith;

class ElfFileTest : public ::testing::Test {
 protected:
  template <class T>
  void put(std::size_t offset, T value) {
    std::memcpy(bytes_.data() + offset, &value, sizeof(value));
  }

  Elf64_Ehdr header() const {
    Elf64_Ehdr header;
    std::memcpy(&header, bytes_.data(), sizeof(header));
    return header;
  }

  std::string refusal() {
    const std::filesystem::path file = folder_.write("broken.so", bytes_);
    const std::string message =
        error_message(ExitCode::plugin, [&] { read_elf_section(file, KNACK_MANIFEST_SECTION); });
    EXPECT_THAT(message, StartsWith(file.string() + ": "));
    return message.substr(std::min(message.size(), file.string().size() + 2));
  }

  TemporaryFolder folder_;
  std::string bytes_ = file_bytes(KNACK_PREFLIGHT_MODULE);
};

TEST_F(ElfFileTest, ReadsTheManifestOfARealModule) {
  const std::string section = read_elf_section(KNACK_PREFLIGHT_MODULE, KNACK_MANIFEST_SECTION);
  EXPECT_THAT(section, StartsWith(KNACK_MANIFEST_MAGIC "{\"abi_major\": 1"));
  EXPECT_EQ(parse_manifest("module.so", section).provides.at(0).id, "acme.nothing");
}

TEST_F(ElfFileTest, FollowsASymbolicLink) {
  const std::filesystem::path link = folder_.path() / "link.so";
  std::filesystem::create_symlink(KNACK_PREFLIGHT_MODULE, link);
  EXPECT_THAT(read_elf_section(link, KNACK_MANIFEST_SECTION), StartsWith(KNACK_MANIFEST_MAGIC));
}

TEST_F(ElfFileTest, RefusesAMissingFile) {
  const std::string message = error_message(
      ExitCode::plugin, [] { read_elf_section("none/a.so", KNACK_MANIFEST_SECTION); });
  EXPECT_EQ(message,
            "none/a.so: file: expected a readable shared object, found No such file or directory; "
            "check the path and its permissions");
}

TEST_F(ElfFileTest, RefusesAFolder) {
  const std::string message = error_message(
      ExitCode::plugin, [&] { read_elf_section(folder_.path(), KNACK_MANIFEST_SECTION); });
  EXPECT_THAT(message, HasSubstr("expected a regular file, found a folder"));
}

TEST_F(ElfFileTest, RefusesAPipeWithoutWaitingForAWriter) {
  const std::filesystem::path pipe = folder_.path() / "pipe.so";
  ASSERT_EQ(::mkfifo(pipe.c_str(), 0600), 0);
  const std::string message =
      error_message(ExitCode::plugin, [&] { read_elf_section(pipe, KNACK_MANIFEST_SECTION); });
  EXPECT_THAT(message, HasSubstr("expected a regular file, found a special file"));
}

TEST_F(ElfFileTest, RefusesAFileShorterThanTheHeader) {
  bytes_.resize(40);
  EXPECT_EQ(refusal(),
            "ELF header: expected at least 64 bytes, found 40 bytes; build it or copy it again");
  bytes_.clear();
  EXPECT_THAT(refusal(), HasSubstr("found 0 bytes"));
}

TEST_F(ElfFileTest, RefusesAnotherKindOfFile) {
  bytes_.assign(200, 'x');
  EXPECT_EQ(refusal(),
            "file: expected an ELF shared object, found another kind of file; name a plugin's .so "
            "file");
}

TEST_F(ElfFileTest, RefusesA32BitObject) {
  bytes_[EI_CLASS] = ELFCLASS32;
  EXPECT_EQ(refusal(), "ELF class: expected 64-bit, found 32-bit; build it for this machine");
}

TEST_F(ElfFileTest, RefusesTheOtherByteOrder) {
  bytes_[EI_DATA] = ELFDATA2MSB;
  EXPECT_EQ(refusal(),
            "ELF byte order: expected little endian, found big endian; build it for this machine");
}

TEST_F(ElfFileTest, RefusesAnotherMachine) {
  put(offsetof(Elf64_Ehdr, e_machine), std::uint16_t{EM_RISCV});
  EXPECT_THAT(refusal(), HasSubstr("found 243; build it for this machine"));
}

TEST_F(ElfFileTest, RefusesAnObjectThatIsNotShared) {
  put(offsetof(Elf64_Ehdr, e_type), std::uint16_t{ET_REL});
  EXPECT_THAT(refusal(), StartsWith("ELF type: expected a shared object (3), found 1; "));
}

TEST_F(ElfFileTest, RefusesAFileWhoseEndIsCutOff) {
  const std::size_t size = bytes_.size() - 10;
  bytes_.resize(size);
  EXPECT_THAT(refusal(), StartsWith("ELF section table: expected it inside the file's " +
                                    std::to_string(size) + " bytes, found "));
}

TEST_F(ElfFileTest, RefusesAFileWithoutItsSegments) {
  bytes_.resize(header().e_phoff + 10);
  EXPECT_THAT(refusal(), StartsWith("ELF segment table: expected it inside the file's "));
}

TEST_F(ElfFileTest, RefusesASegmentThatReachesBeyondTheFile) {
  Elf64_Phdr first;
  std::memcpy(&first, bytes_.data() + header().e_phoff, sizeof(first));
  ASSERT_EQ(first.p_type, std::uint32_t{PT_LOAD});
  put(header().e_phoff + offsetof(Elf64_Phdr, p_filesz), std::uint64_t{bytes_.size() + 1});
  EXPECT_THAT(refusal(), StartsWith("ELF segment: expected it inside the file's "));
}

TEST_F(ElfFileTest, RefusesASectionTableWhoseEndOverflows) {
  put(offsetof(Elf64_Ehdr, e_shoff), std::uint64_t{0xffff'ffff'ffff'ffe0});
  EXPECT_THAT(refusal(), HasSubstr("at offset 18446744073709551584; "));
}

TEST_F(ElfFileTest, RefusesAStringTableOfATebibyte) {
  const Elf64_Ehdr found = header();
  const std::size_t names = found.e_shoff + found.e_shstrndx * sizeof(Elf64_Shdr);
  put(names + offsetof(Elf64_Shdr, sh_size), std::uint64_t{1} << 40);
  EXPECT_EQ(refusal(),
            "ELF section names: expected at most 1048576 bytes, found 1099511627776 bytes; "
            "rebuild it with knack_add_plugin()");
}

TEST_F(ElfFileTest, RefusesAnIndexOfTheStringTableOutsideTheTable) {
  put(offsetof(Elf64_Ehdr, e_shstrndx), std::uint16_t{0xffff});
  EXPECT_THAT(refusal(), HasSubstr("found 65535; "));
}

TEST_F(ElfFileTest, RefusesAModuleWithoutTheSection) {
  const std::size_t name = bytes_.find(std::string(KNACK_MANIFEST_SECTION) + '\0');
  ASSERT_NE(name, std::string::npos);
  bytes_[name + 1] = 'x';
  EXPECT_EQ(refusal(),
            "manifest: expected a .knack_manifest section, found none; rebuild it with "
            "knack_add_plugin()");
}

TEST_F(ElfFileTest, RefusesAFileWithoutASectionTable) {
  put(offsetof(Elf64_Ehdr, e_shnum), std::uint16_t{0});
  EXPECT_THAT(refusal(), StartsWith("manifest: expected a .knack_manifest section, found none; "));
}

TEST_F(ElfFileTest, RefusesASectionLongerThan64KiB) {
  const std::string content = read_elf_section(KNACK_PREFLIGHT_MODULE, KNACK_MANIFEST_SECTION);
  const Elf64_Ehdr found = header();
  int changed = 0;
  for (std::size_t i = 0; i < found.e_shnum; ++i) {
    Elf64_Shdr section;
    const std::size_t at = found.e_shoff + i * sizeof(section);
    std::memcpy(&section, bytes_.data() + at, sizeof(section));
    if (bytes_.compare(section.sh_offset, section.sh_size, content) != 0) continue;
    put(at + offsetof(Elf64_Shdr, sh_size), std::uint64_t{65537});
    ++changed;
  }
  ASSERT_EQ(changed, 1);
  EXPECT_EQ(refusal(),
            "manifest: expected at most 65536 bytes, found 65537 bytes; rebuild it with "
            "knack_add_plugin()");
}

// One round of damage: the header and the section table are hit as often as all the rest.
std::string damaged(std::string bytes, std::mt19937_64& random) {
  const auto below = [&](std::size_t limit) { return random() % limit; };
  const std::size_t table = sizeof(Elf64_Ehdr) + 16 * sizeof(Elf64_Phdr);
  for (std::size_t hits = 1 + below(8); hits > 0; --hits) {
    const std::size_t places[] = {below(sizeof(Elf64_Ehdr)), below(table),
                                  bytes.size() - 1 - below(40 * sizeof(Elf64_Shdr)),
                                  below(bytes.size())};
    const char values[] = {static_cast<char>(random()), '\0', '\x7f', '\xff'};
    bytes[places[below(4)]] = values[below(4)];
  }
  if (below(4) == 0) bytes.resize(below(bytes.size()));
  return bytes;
}

TEST_F(ElfFileTest, SurvivesTwentyThousandDamagedFiles) {
  MemoryFile file;
  std::mt19937_64 random(20260701);
  int read = 0;
  int refused = 0;
  for (int round = 0; round < 20'000; ++round) {
    file.assign(damaged(bytes_, random));
    start_allocation_watch();
    try {
      const std::string section = read_elf_section(file.path(), KNACK_MANIFEST_SECTION);
      ASSERT_LE(section.size(), 65536u);
      ++read;
    } catch (const Error& error) {
      ASSERT_EQ(error.code(), ExitCode::plugin);
      ++refused;
    }
    ASSERT_LE(largest_allocation(), std::size_t{2} << 20) << "round " << round;
  }
  EXPECT_GT(read, 1000);
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace knack::host

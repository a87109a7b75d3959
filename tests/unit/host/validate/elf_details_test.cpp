// SPDX-License-Identifier: MIT
#include "host/validate/elf_details.hpp"

#include <gmock/gmock.h>
#include <knack/abi/entry.h>

#include <algorithm>
#include <random>
#include <stdexcept>
#include <string>

#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using ::testing::Contains;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

std::string fixture(const std::string& name) {
  return testing::file_bytes(std::string(KNACK_VALIDATE_FIXTURES) + "/" + name + ".so");
}

TEST(ElfDetails, NamesWhatAPluginExportsAndNeeds) {
  const std::string bytes = fixture("load.silent");
  const ElfDetails details = read_elf_details(bytes);
  std::vector<std::string_view> exported;
  std::vector<std::string_view> undefined;
  for (const DynamicSymbol& symbol : details.symbols) {
    (symbol.is_defined ? exported : undefined).push_back(symbol.name);
    EXPECT_EQ(symbol.is_exported, symbol.is_defined) << symbol.name;
    EXPECT_FALSE(symbol.is_unique) << symbol.name;
  }
  EXPECT_THAT(exported, ElementsAre(KNACK_ENTRY_SYMBOL));
  EXPECT_THAT(undefined, Contains("puts"));
  EXPECT_THAT(details.needed, Contains("libc.so.6"));
  EXPECT_THAT(details.library_paths, IsEmpty());
  EXPECT_FALSE(details.has_text_relocations);
  EXPECT_FALSE(details.has_executable_stack);
}

TEST(ElfDetails, SeesWhatAPluginAsksOfTheLoader) {
  const std::string relocated = fixture("file.no_text_relocations");
  EXPECT_TRUE(read_elf_details(relocated).has_text_relocations);
  const std::string executable = fixture("file.no_executable_stack");
  EXPECT_TRUE(read_elf_details(executable).has_executable_stack);
  const std::string with_path = fixture("file.no_origin_runpath");
  EXPECT_THAT(read_elf_details(with_path).library_paths, ElementsAre("$ORIGIN/libraries"));
}

/// Whether `bytes` were refused; ends the test program when anything is read outside of them.
bool is_refused(const std::string& bytes) {
  const std::string exact(bytes);  // a sanitizer sees what lies behind its end
  try {
    read_elf_details(exact);
    return false;
  } catch (const std::runtime_error&) {
    return true;
  }
}

TEST(ElfDetails, RefuseEveryFileThatIsCutShort) {
  const std::string bytes = fixture("load.silent");
  for (std::size_t size = 0; size < bytes.size(); size += 13) {
    EXPECT_TRUE(is_refused(bytes.substr(0, size))) << size;
  }
}

TEST(ElfDetails, ReadNothingOutsideOfADamagedFile) {
  const std::string sound = fixture("load.silent");
  std::mt19937 random(1);
  const std::size_t section_table = sound.size() - 512;  // a part of it: it stands at the end
  int refused = 0;
  for (int i = 0; i < 20000; ++i) {
    std::string damaged = sound;
    for (int changes = 1 + static_cast<int>(random() % 4); changes > 0; --changes) {
      const std::size_t place =
          random() % 2 == 0 ? random() % 1024 : section_table + random() % 512;
      damaged[place] = static_cast<char>(random());
    }
    refused += is_refused(damaged) ? 1 : 0;
  }
  EXPECT_GT(refused, 1000);
}

}  // namespace
}  // namespace knack::host

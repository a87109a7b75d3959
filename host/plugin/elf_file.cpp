// SPDX-License-Identifier: MIT
#include "host/plugin/elf_file.hpp"

#include <elf.h>

#include <algorithm>
#include <cerrno>
#include <cstdint>
#include <cstring>

#include "host/common/file_descriptor.hpp"
#include "host/plugin/refusal.hpp"

namespace knack::host {
namespace {

#if defined(__x86_64__)
constexpr unsigned kMachine = EM_X86_64;
constexpr const char* kMachineName = "x86-64";
#elif defined(__aarch64__)
constexpr unsigned kMachine = EM_AARCH64;
constexpr const char* kMachineName = "aarch64";
#else
#error "name this machine's ELF number here"
#endif

constexpr std::uint64_t kLongestNameTable = 1 << 20;
constexpr std::uint64_t kLongestSection = 64 << 10;
constexpr std::uint64_t kLongestPath = 4096;
constexpr const char* kCopyAgain = "build it or copy it again";
constexpr const char* kRebuild = "rebuild it with knack_add_plugin()";

std::string bytes_text(std::uint64_t count) {
  return std::to_string(count) + " bytes";
}

class ElfFile {
 public:
  explicit ElfFile(const OpenPlugin& file)
      : file_(file), path_(file.path()), size_(static_cast<std::uint64_t>(file.stamp().size)) {
    check_header();
    check_segments();
  }

  std::string section(std::string_view name) const;
  std::string runpath() const;

 private:
  void check_header();
  void check_segments() const;
  void require_inside(const char* field, std::uint64_t offset, std::uint64_t size) const;
  void read(void* buffer, std::size_t size, std::uint64_t offset) const;
  std::string content(const char* field, const Elf64_Shdr& section, std::uint64_t longest) const;
  void check_section_table() const;
  Elf64_Shdr section_header(std::uint64_t index) const;

  const OpenPlugin& file_;
  const std::filesystem::path& path_;
  const std::uint64_t size_;
  Elf64_Ehdr header_{};
};

void ElfFile::check_header() {
  if (size_ < sizeof(header_)) {
    refuse(path_, "ELF header", "at least " + bytes_text(sizeof(header_)), bytes_text(size_),
           kCopyAgain);
  }
  read(&header_, sizeof(header_), 0);
  const unsigned char* ident = header_.e_ident;
  if (std::memcmp(ident, ELFMAG, SELFMAG) != 0) {
    refuse(path_, "file", "an ELF shared object", "another kind of file",
           "name a plugin's .so file");
  }
  if (ident[EI_CLASS] != ELFCLASS64) {
    refuse(path_, "ELF class", "64-bit",
           ident[EI_CLASS] == ELFCLASS32 ? "32-bit" : std::to_string(ident[EI_CLASS]),
           "build it for this machine");
  }
  if (ident[EI_DATA] != ELFDATA2LSB) {
    refuse(path_, "ELF byte order", "little endian",
           ident[EI_DATA] == ELFDATA2MSB ? "big endian" : std::to_string(ident[EI_DATA]),
           "build it for this machine");
  }
  if (header_.e_machine != kMachine) {
    refuse(path_, "ELF machine", std::to_string(kMachine) + " (" + kMachineName + ")",
           std::to_string(header_.e_machine), "build it for this machine");
  }
  if (header_.e_type != ET_DYN) {
    refuse(path_, "ELF type", "a shared object (3)", std::to_string(header_.e_type),
           "link it with -shared, as knack_add_plugin() does");
  }
}

void ElfFile::check_segments() const {
  if (header_.e_phnum == 0 || header_.e_phentsize != sizeof(Elf64_Phdr)) {
    refuse(path_, "ELF segments", "a table with entries of " + bytes_text(sizeof(Elf64_Phdr)),
           std::to_string(header_.e_phnum) + " entries of " + bytes_text(header_.e_phentsize),
           kCopyAgain);
  }
  require_inside("ELF segment table", header_.e_phoff,
                 std::uint64_t{header_.e_phnum} * sizeof(Elf64_Phdr));
  for (std::uint64_t i = 0; i < header_.e_phnum; ++i) {
    Elf64_Phdr segment{};
    read(&segment, sizeof(segment), header_.e_phoff + i * sizeof(segment));
    if (segment.p_type == PT_LOAD) {
      require_inside("ELF segment", segment.p_offset, segment.p_filesz);
    }
  }
}

void ElfFile::require_inside(const char* field, std::uint64_t offset, std::uint64_t size) const {
  if (offset <= size_ && size <= size_ - offset) return;
  refuse(path_, field, "it inside the file's " + bytes_text(size_),
         bytes_text(size) + " at offset " + std::to_string(offset), kCopyAgain);
}

void ElfFile::read(void* buffer, std::size_t size, std::uint64_t offset) const {
  const std::size_t got = read_at(file_.descriptor(), buffer, size, offset);
  if (got == size) return;
  refuse(path_, "file", bytes_text(size) + " at offset " + std::to_string(offset),
         errno != 0 ? std::string(std::strerror(errno)) : bytes_text(got),
         "let nobody change the file while it is read");
}

Elf64_Shdr ElfFile::section_header(std::uint64_t index) const {
  Elf64_Shdr section{};
  read(&section, sizeof(section), header_.e_shoff + index * sizeof(section));
  return section;
}

std::string ElfFile::content(const char* field, const Elf64_Shdr& section,
                             std::uint64_t longest) const {
  if (section.sh_type == SHT_NOBITS) {
    refuse(path_, field, "a section with content", "one without any in the file", kRebuild);
  }
  if (section.sh_size > longest) {
    refuse(path_, field, "at most " + bytes_text(longest), bytes_text(section.sh_size), kRebuild);
  }
  require_inside(field, section.sh_offset, section.sh_size);
  std::string bytes(section.sh_size, '\0');
  read(bytes.data(), bytes.size(), section.sh_offset);
  return bytes;
}

void ElfFile::check_section_table() const {
  if (header_.e_shentsize != sizeof(Elf64_Shdr)) {
    refuse(path_, "ELF section table", "entries of " + bytes_text(sizeof(Elf64_Shdr)),
           bytes_text(header_.e_shentsize), kCopyAgain);
  }
  require_inside("ELF section table", header_.e_shoff,
                 std::uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr));
}

std::string ElfFile::section(std::string_view name) const {
  if (header_.e_shnum > 0) {
    check_section_table();
    if (header_.e_shstrndx >= header_.e_shnum) {
      refuse(path_, "ELF section names", "an index below " + std::to_string(header_.e_shnum),
             std::to_string(header_.e_shstrndx), kCopyAgain);
    }
    const std::string names =
        content("ELF section names", section_header(header_.e_shstrndx), kLongestNameTable);
    const std::string wanted = std::string(name) + '\0';
    for (std::uint64_t i = 1; i < header_.e_shnum; ++i) {
      const Elf64_Shdr section = section_header(i);
      if (section.sh_name < names.size() &&
          names.compare(section.sh_name, wanted.size(), wanted) == 0) {
        return content("manifest", section, kLongestSection);
      }
    }
  }
  refuse(path_, "manifest", "a " + std::string(name) + " section", "none", kRebuild);
}

std::string ElfFile::runpath() const {
  if (header_.e_shnum > 0) check_section_table();
  for (std::uint64_t i = 1; i < header_.e_shnum; ++i) {
    const Elf64_Shdr section = section_header(i);
    if (section.sh_type != SHT_DYNAMIC || section.sh_link >= header_.e_shnum) continue;
    const std::string entries = content("ELF dynamic section", section, kLongestSection);
    const Elf64_Shdr texts = section_header(section.sh_link);
    require_inside("ELF dynamic texts", texts.sh_offset, texts.sh_size);
    Elf64_Dyn entry{};
    for (std::size_t at = 0; at + sizeof(entry) <= entries.size(); at += sizeof(entry)) {
      std::memcpy(&entry, entries.data() + at, sizeof(entry));
      const bool is_path = entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH;
      if (!is_path || entry.d_un.d_val >= texts.sh_size) continue;
      std::string text(std::min(texts.sh_size - entry.d_un.d_val, kLongestPath), '\0');
      read(text.data(), text.size(), texts.sh_offset + entry.d_un.d_val);
      return text.substr(0, text.find('\0'));
    }
  }
  return {};
}

}  // namespace

std::string read_elf_section(const OpenPlugin& file, std::string_view name) {
  return ElfFile(file).section(name);
}

std::string read_elf_section(const std::filesystem::path& file, std::string_view name) {
  return read_elf_section(OpenPlugin(file), name);
}

std::string read_elf_runpath(const OpenPlugin& file) {
  return ElfFile(file).runpath();
}

}  // namespace knack::host

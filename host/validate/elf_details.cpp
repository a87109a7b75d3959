// SPDX-License-Identifier: MIT
#include "host/validate/elf_details.hpp"

#include <elf.h>

#include <algorithm>
#include <cstdint>
#include <cstring>
#include <stdexcept>
#include <string>

namespace knack::host {
namespace {

class Reader {
 public:
  explicit Reader(std::string_view bytes) : bytes_(bytes) {
    header_ = at<Elf64_Ehdr>(0);
    if (std::memcmp(header_.e_ident, ELFMAG, SELFMAG) != 0 ||
        header_.e_ident[EI_CLASS] != ELFCLASS64 || header_.e_ident[EI_DATA] != ELFDATA2LSB) {
      throw std::runtime_error("not a 64-bit little endian ELF file");
    }
    for (std::uint64_t i = 0; i < header_.e_phnum; ++i) {
      segments_.push_back(at<Elf64_Phdr>(header_.e_phoff + i * sizeof(Elf64_Phdr)));
    }
  }

  ElfDetails read() {
    read_segments();
    read_dynamic_section();
    read_symbols();
    return std::move(details_);
  }

 private:
  std::string_view part(std::uint64_t offset, std::uint64_t size) const {
    if (offset > bytes_.size() || size > bytes_.size() - offset) {
      throw std::runtime_error(std::to_string(size) + " bytes at offset " + std::to_string(offset) +
                               " are not inside the file");
    }
    return bytes_.substr(offset, size);
  }

  template <class T>
  T at(std::uint64_t offset) const {
    T value;
    std::memcpy(&value, part(offset, sizeof(T)).data(), sizeof(T));
    return value;
  }

  void read_segments();
  void read_dynamic_section();
  void read_symbols();
  std::uint64_t file_offset(std::uint64_t address) const;
  std::string_view text(std::uint64_t index) const;
  DynamicSymbol symbol(const Elf64_Sym& entry) const;

  std::string_view bytes_;
  Elf64_Ehdr header_{};
  std::vector<Elf64_Phdr> segments_;
  std::string_view names_;  // the dynamic string table
  ElfDetails details_;
};

void Reader::read_segments() {
  details_.has_executable_stack = true;
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type == PT_GNU_STACK) {
      details_.has_executable_stack = (segment.p_flags & PF_X) != 0;
    }
    if (segment.p_type != PT_LOAD) continue;
    details_.segments.push_back(part(segment.p_offset, segment.p_filesz));
  }
}

/// Where the byte that is mapped at `address` stands.
std::uint64_t Reader::file_offset(std::uint64_t address) const {
  for (const Elf64_Phdr& segment : segments_) {
    if (segment.p_type == PT_LOAD && address >= segment.p_vaddr &&
        address - segment.p_vaddr < segment.p_filesz) {
      return segment.p_offset + (address - segment.p_vaddr);
    }
  }
  throw std::runtime_error("address " + std::to_string(address) + " is in no segment");
}

std::string_view Reader::text(std::uint64_t index) const {
  if (index >= names_.size()) throw std::runtime_error("a name is not inside the string table");
  const std::string_view rest = names_.substr(index);
  return rest.substr(0, rest.find('\0'));
}

void Reader::read_dynamic_section() {
  const auto dynamic =
      std::find_if(segments_.begin(), segments_.end(),
                   [](const Elf64_Phdr& segment) { return segment.p_type == PT_DYNAMIC; });
  if (dynamic == segments_.end()) throw std::runtime_error("no dynamic section");
  std::vector<Elf64_Dyn> entries;
  for (std::uint64_t i = 0; i < dynamic->p_filesz / sizeof(Elf64_Dyn); ++i) {
    entries.push_back(at<Elf64_Dyn>(dynamic->p_offset + i * sizeof(Elf64_Dyn)));
    if (entries.back().d_tag == DT_NULL) break;
  }
  const auto value_of = [&](std::int64_t tag) -> std::uint64_t {
    for (const Elf64_Dyn& entry : entries) {
      if (entry.d_tag == tag) return entry.d_un.d_val;
    }
    throw std::runtime_error("no dynamic entry " + std::to_string(tag));
  };
  names_ = part(file_offset(value_of(DT_STRTAB)), value_of(DT_STRSZ));
  for (const Elf64_Dyn& entry : entries) {
    if (entry.d_tag == DT_NEEDED) details_.needed.push_back(text(entry.d_un.d_val));
    if (entry.d_tag == DT_RUNPATH || entry.d_tag == DT_RPATH) {
      details_.library_paths.push_back(text(entry.d_un.d_val));
    }
    if (entry.d_tag == DT_TEXTREL ||
        (entry.d_tag == DT_FLAGS && (entry.d_un.d_val & DF_TEXTREL) != 0)) {
      details_.has_text_relocations = true;
    }
  }
}

DynamicSymbol Reader::symbol(const Elf64_Sym& entry) const {
  const unsigned binding = ELF64_ST_BIND(entry.st_info);
  const unsigned visibility = ELF64_ST_VISIBILITY(entry.st_other);
  DynamicSymbol symbol;
  symbol.name = text(entry.st_name);
  symbol.is_defined = entry.st_shndx != SHN_UNDEF;
  symbol.is_weak = binding == STB_WEAK;
  symbol.is_unique = binding == STB_GNU_UNIQUE;
  symbol.is_exported = symbol.is_defined && binding != STB_LOCAL &&
                       (visibility == STV_DEFAULT || visibility == STV_PROTECTED);
  return symbol;
}

// The section table is needed: nothing in the dynamic section says how many symbols there are.
void Reader::read_symbols() {
  part(header_.e_shoff, std::uint64_t{header_.e_shnum} * sizeof(Elf64_Shdr));
  for (std::uint64_t i = 0; i < header_.e_shnum; ++i) {
    const auto section = at<Elf64_Shdr>(header_.e_shoff + i * sizeof(Elf64_Shdr));
    if (section.sh_type != SHT_DYNSYM) continue;
    const std::string_view table = part(section.sh_offset, section.sh_size);
    for (std::uint64_t offset = 0; table.size() - offset >= sizeof(Elf64_Sym);
         offset += sizeof(Elf64_Sym)) {
      const auto entry = at<Elf64_Sym>(section.sh_offset + offset);
      const unsigned type = ELF64_ST_TYPE(entry.st_info);
      if (entry.st_name == 0 || type == STT_SECTION || type == STT_FILE) continue;
      details_.symbols.push_back(symbol(entry));
    }
    return;
  }
  throw std::runtime_error("no table of dynamic symbols");
}

}  // namespace

ElfDetails read_elf_details(std::string_view bytes) {
  return Reader(bytes).read();
}

}  // namespace knack::host

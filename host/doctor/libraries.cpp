// SPDX-License-Identifier: MIT
#include "host/doctor/libraries.hpp"

#include <link.h>

#include <algorithm>
#include <string>

#include "host/common/join.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

/// Libraries of which a process wants one.
struct Single {
  const char* subject;
  std::vector<std::string> stems;  ///< what names of their files begin with, before "." or "-"
  Health when_several;
  const char* advice;
};

const std::vector<Single> kSingles = {
    {"OpenMP",
     {"libgomp", "libomp", "libiomp5"},
     Health::warning,
     "two OpenMP runtimes start threads of their own each and slow one another down; find out what "
     "brings the second (LD_PRELOAD, a plugin) and link it with the first"},
    {"copies of LibTorch",
     {"libtorch", "libtorch_cpu", "libtorch_cuda", "libc10", "libc10_cuda"},
     Health::problem,
     "two LibTorch in one process end in crashes; check LD_PRELOAD and LD_LIBRARY_PATH"},
    {"Protocol Buffers",
     {"libprotobuf", "libprotobuf-lite"},
     Health::warning,
     "two of them in one process may end it when they meet; check LD_PRELOAD"},
    {"fmt", {"libfmt"}, Health::warning, "check LD_PRELOAD and LD_LIBRARY_PATH"},
};

/// "libgomp" of "libgomp-a34b3233.so.1.0.0"
std::string stem_of(const fs::path& library) {
  const std::string name = library.filename().string();
  const std::string stem = name.substr(0, name.find(".so"));
  const std::size_t hash = stem.rfind('-');
  const bool is_hash = hash != std::string::npos &&
                       stem.find_first_not_of("0123456789abcdef", hash + 1) == std::string::npos;
  return is_hash ? stem.substr(0, hash) : stem;
}

}  // namespace

std::vector<fs::path> loaded_libraries() {
  std::vector<fs::path> libraries;
  dl_iterate_phdr(
      [](dl_phdr_info* info, std::size_t, void* data) {
        auto& found = *static_cast<std::vector<fs::path>*>(data);
        std::error_code failure;
        const fs::path path = fs::canonical(info->dlpi_name, failure);
        if (!failure && std::find(found.begin(), found.end(), path) == found.end()) {
          found.push_back(path);
        }
        return 0;
      },
      &libraries);
  return libraries;
}

Findings examine_libraries(const std::vector<fs::path>& loaded) {
  Findings findings;
  for (const Single& single : kSingles) {
    std::vector<std::string> copies;
    std::vector<std::string> stems;
    for (const fs::path& library : loaded) {
      const std::string stem = stem_of(library);
      if (std::find(single.stems.begin(), single.stems.end(), stem) == single.stems.end()) continue;
      copies.push_back(library.string());
      stems.push_back(stem);
    }
    std::sort(stems.begin(), stems.end());
    // Of OpenMP, runtimes of different makers are several too; of the others, one file a name.
    const bool is_openmp = &single == kSingles.data();
    const bool is_several = is_openmp
                                ? copies.size() > 1
                                : std::adjacent_find(stems.begin(), stems.end()) != stems.end();
    findings.push_back({is_several ? single.when_several : Health::ok, single.subject,
                        copies.empty() ? "not loaded" : join(copies),
                        is_several ? single.advice : ""});
  }
  return findings;
}

}  // namespace knack::host

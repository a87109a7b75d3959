// SPDX-License-Identifier: MIT
#include "host/doctor/doctor.hpp"

#include <ATen/Parallel.h>
#include <ATen/Version.h>
#include <torch/cuda.h>
#include <torch/version.h>
#include <unistd.h>

#include <cstdlib>
#include <string>
#include <utility>

#include "host/doctor/folders.hpp"
#include "host/doctor/gpu.hpp"
#include "host/doctor/libraries.hpp"
#include "host/doctor/machine.hpp"
#include "host/doctor/plugin_places.hpp"
#include "host/doctor/variables.hpp"
#include "host/ui/color.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

const fs::path* find_library(const std::vector<fs::path>& loaded, const std::string& prefix) {
  for (const fs::path& library : loaded) {
    if (library.filename().string().starts_with(prefix)) return &library;
  }
  return nullptr;
}

Finding examine_libtorch(const std::vector<fs::path>& loaded) {
  const fs::path* library = find_library(loaded, "libtorch_cpu.");
  return {Health::ok, "LibTorch",
          TORCH_VERSION ", from " +
              (library == nullptr ? "the program itself" : library->parent_path().string()),
          ""};
}

Finding examine_terminal() {
  const char* term = std::getenv("TERM");
  const bool is_terminal = isatty(STDERR_FILENO) != 0;
  const bool is_coloured = has_color(STDERR_FILENO);
  return {Health::ok, "terminal",
          is_terminal ? "TERM=" + std::string(term == nullptr ? "" : term) +
                            (is_coloured ? ", with colours" : ", without colours")
                      : std::string("standard error is not a terminal: ") +
                            (is_coloured ? "colours" : "no colours") + ", no progress line",
          ""};
}

fs::path temporary_folder() {
  const char* named = std::getenv("TMPDIR");
  return named == nullptr || *named == '\0' ? "/tmp" : named;
}

void add(Findings& all, Findings more) {
  all.insert(all.end(), std::make_move_iterator(more.begin()), std::make_move_iterator(more.end()));
}

}  // namespace

Findings examine(const SearchPlaces& places, const fs::path& run_root) {
  constexpr Room kRuns{std::int64_t{1} << 30};
  constexpr Room kTemporary{std::int64_t{64} << 20};
  const std::vector<fs::path> loaded = loaded_libraries();
  MachineFacts machine = gather_machine_facts();
  machine.capability = at::get_cpu_capability();
  machine.threads = at::get_num_threads();
  GpuFacts gpu = gather_gpu_facts();
  gpu.is_built_in = find_library(loaded, "libtorch_cuda.") != nullptr;
  gpu.usable = static_cast<int>(torch::cuda::device_count());

  Findings all = {examine_libtorch(loaded)};
  add(all, examine_libraries(loaded));
  add(all, examine_machine(machine));
  all.push_back(examine_gpu(gpu));
  add(all, examine_plugin_places(places));
  all.push_back(examine_folder("runs", run_root, kRuns, false));
  all.push_back(examine_folder("temporary files", temporary_folder(), kTemporary, true));
  all.push_back(examine_folder("shared memory", "/dev/shm", kTemporary, true));
  add(all, examine_variables(variables_of_process(), machine.usable_cores));
  all.push_back(examine_terminal());
  return all;
}

}  // namespace knack::host

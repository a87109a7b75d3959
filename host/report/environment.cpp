// SPDX-License-Identifier: MIT
#include "host/report/environment.hpp"

#include <knack/abi/version.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <ctime>
#include <fstream>
#include <iterator>
#include <thread>
#include <vector>

#include "host/common/join.hpp"
#include "host/common/kernel_files.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::ordered_json;

/// When this process began, so that no line of its log is older.
const std::time_t kStart = std::time(nullptr);

std::string utc_start() {
  std::tm parts{};
  gmtime_r(&kStart, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%SZ", &parts);
  return text;
}

/// The words with which this process was started.
std::vector<std::string> command() {
  std::ifstream file("/proc/self/cmdline", std::ios::binary);
  std::vector<std::string> words;
  for (std::string word; std::getline(file, word, '\0');) words.push_back(word);
  return words;
}

std::string compiler() {
#ifdef __clang__
  return "clang " __clang_version__;
#else
  return "gcc " __VERSION__;
#endif
}

Json system_name() {
  ::utsname name{};
  if (::uname(&name) != 0) return nullptr;
  return std::string(name.sysname) + " " + name.release + " " + name.machine;
}

Json cpu_model() {
  const auto values = kernel_values("/proc/cpuinfo");
  const auto model = values.find("model name");
  return model == values.end() ? Json(nullptr) : Json(model->second);
}

Json memory_bytes() {
  const long pages = ::sysconf(_SC_PHYS_PAGES);
  const long page = ::sysconf(_SC_PAGE_SIZE);
  if (pages <= 0 || page <= 0) return nullptr;
  return static_cast<std::int64_t>(pages) * page;
}

Json graphics_cards() {
  const std::vector<std::string> models = nvidia_models();
  return models.empty() ? Json(nullptr) : Json(join(models));
}

/// An environment.json that cannot be read is begun anew: it is no part of the training.
Json sessions_in(const fs::path& file) {
  std::error_code failure;
  if (!fs::is_regular_file(file, failure)) return Json::array();
  std::ifstream stream(file);
  const Json before = Json::parse(stream, nullptr, false);
  const bool has_sessions =
      before.is_object() && before.contains("sessions") && before.at("sessions").is_array();
  return has_sessions ? before.at("sessions") : Json::array();
}

}  // namespace

Json describe_session(const SessionFacts& facts) {
  return {{"started", utc_start()},
          {"step", facts.step},
          {"command", command()},
          {"knack", KNACK_VERSION_STRING},
          {"abi", std::to_string(KNACK_ABI_MAJOR) + "." + std::to_string(KNACK_ABI_MINOR)},
          {"libtorch", facts.libtorch},
          {"compiler", compiler()},
          {"system", system_name()},
          {"cpu", cpu_model()},
          {"cores", std::thread::hardware_concurrency()},
          {"threads", facts.threads},
          {"memory_bytes", memory_bytes()},
          {"device", facts.device},
          {"gpu", facts.device == "cpu" ? Json(nullptr) : graphics_cards()}};
}

void add_session(const RunFolder& folder, const Json& session) {
  Json sessions = sessions_in(folder.environment_file());
  sessions.push_back(session);
  write_json(folder.environment_file(), {{"schema_version", 1}, {"sessions", sessions}});
}

}  // namespace knack::host

// SPDX-License-Identifier: MIT
// Level 2: what happens when a plugin is loaded and asked for what it provides.
#include <dlfcn.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cstdio>
#include <iostream>
#include <limits>
#include <thread>

#include "host/common/join.hpp"
#include "host/plugin/guard.hpp"
#include "host/plugin/refusal.hpp"
#include "host/validate/checks.hpp"
#include "host/validate/child_process.hpp"
#include "host/validate/options.hpp"
#include "host/validate/process_state.hpp"

namespace knack::host {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr milliseconds kSlowestLoad{100};
constexpr int kLoadsTimed = 3;  // the first may have to wait for the disk

const knack_entry_t& load(const Subject& subject) {
  return load_entry(subject.file->checked);
}

Finding loads(const Subject& subject) {
  load(subject);
  return passed();
}

double seconds_to_load(const Subject& subject, const ChildLimits& limits) {
  ChildProcess child(
      [&] {
        const auto start = Clock::now();
        load(subject);
        return std::to_string(std::chrono::duration<double>(Clock::now() - start).count());
      },
      limits);
  while (!child.has_ended()) std::this_thread::sleep_for(milliseconds(1));
  if (child.end().result.empty()) throw std::runtime_error("it did not load every time");
  return std::stod(child.end().result);
}

// A library is loaded once a process, so each try has a process of its own.
Finding fast(const Subject& subject) {
  double best = std::numeric_limits<double>::infinity();
  for (int i = 0; i < kLoadsTimed; ++i) {
    best = std::min(best, seconds_to_load(subject, {seconds(5)}));
  }
  const auto found = std::chrono::duration<double, std::milli>(seconds(1)) * best;
  const std::string text = std::to_string(found.count()).substr(0, 6) + " ms";
  if (found <= kSlowestLoad) return passed(text);
  return failed("it took " + text + " to load at best, at most " +
                std::to_string(kSlowestLoad.count()) +
                " ms are granted; do in `create` what only some instances need");
}

/// Bytes that this process wrote to stdout and stderr.
std::int64_t printed_bytes() {
  std::cout.flush();
  std::fflush(nullptr);
  struct stat status{};
  return ::fstat(STDOUT_FILENO, &status) == 0 ? status.st_size : 0;
}

Finding silent(const Subject& subject) {
  const std::int64_t before = printed_bytes();
  load(subject);
  const std::int64_t printed = printed_bytes() - before;
  if (printed == 0) return passed();
  return failed("it printed " + std::to_string(printed) +
                " bytes while it was loaded; write to the log of knack.log/1 instead");
}

std::int64_t count_threads() {
  namespace fs = std::filesystem;
  return std::distance(fs::directory_iterator("/proc/self/task"), fs::directory_iterator());
}

/// Whether this process has any child, be it one that has ended.
bool has_children() {
  siginfo_t unused{};
  return ::waitid(P_ALL, 0, &unused, WEXITED | WNOHANG | WNOWAIT) == 0;
}

Finding starts_no_thread(const Subject& subject) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);  // children of children that ended are then its own
  const std::int64_t before = count_threads();
  load(subject);
  const std::int64_t started = count_threads() - before;
  std::string what;
  if (started > 0) {
    what = std::to_string(started) + (started == 1 ? " thread" : " threads");
  } else if (has_children()) {
    what = "a process";
  }
  if (what.empty()) return passed();
  return failed("it started " + what +
                " while it was loaded; an instance starts what it needs, and ends it in `destroy`");
}

Finding leaves_process_alone(const Subject& subject) {
  const ProcessState before;
  load(subject);
  const std::vector<std::string> changes = before.changes();
  if (changes.empty()) return passed();
  return failed("it changed " + join(changes) + " while it was loaded");
}

// Loads the file here, as load_entry() calls `init` once, with a table that nobody else gets.
Finding init_twice(const Subject& subject) {
  const CheckedFile& file = subject.file->checked;
  static const OpenPlugin opened = open_checked(file);  // for good, see loader_path()
  void* library = ::dlopen(opened.loader_path().c_str(), RTLD_NOW | RTLD_LOCAL | RTLD_NODELETE);
  if (library == nullptr) return failed(::dlerror());
  const auto* entry = static_cast<const knack_entry_t*>(::dlsym(library, KNACK_ENTRY_SYMBOL));
  if (entry == nullptr) return failed("no " KNACK_ENTRY_SYMBOL);
  if (entry->init == nullptr) return passed("it has no `init`");
  const HostServices services;
  const Provided& first = file.manifest.provides.front();
  InstanceContext context(file.path.string(), first.kind, first.id, first.id, services);
  for (const char* name : {"init", "init (the second time)"}) {
    Call call(context, name, ExitCode::plugin);
    call.run([&] { return entry->init(&context.table); });
  }
  return passed();
}

Finding unknown_index(const Subject& subject) {
  const knack_entry_t& entry = load(subject);
  constexpr auto kLargest = std::numeric_limits<std::uint32_t>::max();
  for (const std::uint32_t index :
       {entry.descriptor_count, entry.descriptor_count + 1, kLargest / 2, kLargest}) {
    if (entry.descriptor(index) != nullptr) {
      return failed("descriptor(" + std::to_string(index) + ") gave something, of " +
                    std::to_string(entry.descriptor_count) + "; return NULL");
    }
  }
  return passed();
}

std::string text_or_empty(const char* text) {
  return text == nullptr ? std::string() : std::string(text);
}

/// The texts of a descriptor, to compare.
std::array<std::string, 4> texts_of(const knack_descriptor_t& descriptor) {
  return {text_or_empty(descriptor.kind), text_or_empty(descriptor.id),
          text_or_empty(descriptor.summary), text_or_empty(descriptor.schema_json)};
}

// load_entry() compares kinds and ids, without which a plugin is not used at all.
Finding descriptors_match(const Subject& subject) {
  const knack_entry_t& entry = load(subject);
  const std::vector<Provided>& provides = subject.file->checked.manifest.provides;
  for (std::uint32_t i = 0; i < entry.descriptor_count; ++i) {
    const std::string name = "descriptor(" + std::to_string(i) + ")";
    const knack_descriptor_t* first = entry.descriptor(i);
    const auto texts = texts_of(*first);
    const std::string& promised = provides[i].summary;
    if (!promised.empty() && texts[2] != promised) {
      return failed(name + ": the summary is '" + printable(texts[2]) + "', in the manifest '" +
                    printable(promised) + "'");
    }
    const knack_descriptor_t* again = nullptr;
    std::thread([&] { again = entry.descriptor(i); }).join();
    if (again != first || texts_of(*again) != texts) {
      return failed(name + " is another one when it is asked for again, by another thread");
    }
  }
  return passed();
}

/// The options of which the schema says nothing for people.
std::vector<std::string> options_without_description(const knack_descriptor_t& descriptor) {
  std::vector<std::string> names;
  const Json schema =
      Json::parse(descriptor.schema_json == nullptr ? "{}" : descriptor.schema_json);
  const Json properties = schema.value("properties", Json::object());
  for (const auto& [name, property] : properties.items()) {
    if (!property.contains("description")) names.push_back(name);
  }
  return names;
}

Finding schema_valid(const Subject& subject) {
  usable_options(subject);
  const Provided& provided = subject.provided();
  const std::vector<std::string> nameless =
      options_without_description(subject.registry->descriptor(provided.kind, provided.id));
  if (nameless.empty()) return passed();
  return warned("no description of " + join(nameless) +
                ", which `knack plugins inspect` would show");
}

/// Nothing but what an instance needs before there is a fit.
Instance create(const Subject& subject, const Json& options, const HostServices& services) {
  const Provided& provided = subject.provided();
  return subject.registry->create(provided.kind, provided.id, provided.id,
                                  Value::from_json(options), services);
}

HostServices services_of(const Subject& subject) {
  HostServices services;
  services.seed = subject.seed;
  services.check_plugins = true;
  return services;
}

Finding defaults_accepted(const Subject& subject) {
  const UsableOptions usable = usable_options(subject);
  if (!usable.problem.empty()) {
    return skipped(usable.problem + "; name a recipe that uses it with --recipe");
  }
  const HostServices services = services_of(subject);
  try {
    create(subject, usable.options, services);
  } catch (const Error& error) {
    return failed(std::string(error.what()) +
                  (subject.recipe_has_plugin ? ""
                                             : "; what has no default is to be \"required\" in "
                                               "the schema, or name a recipe with --recipe"));
  }
  return passed();
}

Finding unknown_extension(const Subject& subject) {
  const UsableOptions usable = usable_options(subject);
  if (!usable.problem.empty()) {
    return skipped(usable.problem + "; name a recipe that uses it with --recipe");
  }
  const HostServices services = services_of(subject);
  const Instance instance = create(subject, usable.options, services);
  for (const char* id : {"", "knack", "knack.no_such_extension/1", "knack.no_such_extension/1x",
                         "acme.no_such_extension/999999999999999999999"}) {
    if (instance.extension(id) != nullptr) {
      return failed("get_extension(\"" + std::string(id) +
                    "\") gave something; return NULL for "
                    "every id but those that you know, compared in full");
    }
  }
  return passed();
}

constexpr std::array<Check, 11> kChecks = {{
    {"load.loads", 2, "the loader takes it, its entry is sound and `init` succeeds", seconds(20),
     Scope::file, loads, true},
    {"load.fast", 2, "it is loaded within 100 ms", seconds(20), Scope::file, fast},
    {"load.silent", 2, "nothing is printed while it is loaded", seconds(20), Scope::file, silent},
    {"load.starts_no_thread", 2, "no thread and no process is started while it is loaded",
     seconds(20), Scope::file, starts_no_thread},
    {"load.leaves_process_alone", 2,
     "signals, environment, current folder, umask, locale and rounding stay as they are",
     seconds(20), Scope::file, leaves_process_alone},
    {"load.init_twice", 2, "`init` may be called again", seconds(20), Scope::file, init_twice},
    {"load.unknown_index", 2, "there is no descriptor beyond those that are promised", seconds(20),
     Scope::file, unknown_index},
    {"load.descriptors_match", 2, "descriptors are constant and as the manifest says", seconds(20),
     Scope::file, descriptors_match},
    {"load.schema_valid", 2, "the schema of the options can be used, and every default fits it",
     seconds(20), Scope::offer, schema_valid, true},
    {"load.defaults_accepted", 2, "an instance can be made from the default options", seconds(30),
     Scope::offer, defaults_accepted, true},
    {"load.unknown_extension", 2, "it gives NULL for an extension that it does not know",
     seconds(30), Scope::offer, unknown_extension},
}};

}  // namespace

std::span<const Check> load_checks() {
  return kChecks;
}

}  // namespace knack::host

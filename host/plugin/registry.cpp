// SPDX-License-Identifier: MIT
#include "host/plugin/registry.hpp"

#include <algorithm>
#include <utility>

#include "host/common/join.hpp"
#include "host/common/nearest_name.hpp"
#include "host/plugin/file_trust.hpp"
#include "host/plugin/guard.hpp"
#include "host/plugin/host_disguise.hpp"
#include "host/plugin/refusal.hpp"
#include "host/plugin/search_path.hpp"

namespace knack::host {
namespace {

namespace fs = std::filesystem;

PluginFile examine(const ListedFile& listed, const HostFacts& host, const PluginPolicy& policy) {
  const fs::path& path = listed.real;
  PluginFile file;
  file.place = listed.place;
  file.checked.path = path;
  try {
    const OpenPlugin opened(path);
    file.checked.stamp = opened.stamp();
    if (const auto distrust = find_distrust(opened, listed.place)) {
      if (!policy.trusts_writable) refuse(*distrust);
      file.warning = warning_text(*distrust);
    }
    file.checked.manifest_bytes = opened.section(KNACK_MANIFEST_SECTION);
    file.checked.manifest = parse_manifest(path, file.checked.manifest_bytes);
    check_manifest(path, file.checked.manifest, host);
  } catch (const Error& error) {
    file.refusal = error.what();
    file.problem = error.diagnostics().front();
  }
  return file;
}

bool provides(const PluginFile& file, std::string_view kind, std::string_view id) {
  const auto& provided = file.checked.manifest.provides;
  return std::any_of(provided.begin(), provided.end(),
                     [&](const Provided& each) { return each.kind == kind && each.id == id; });
}

/// Whether a file is called as the plugins it provides are: lookahead.so or acme.lookahead.so.
bool is_named(const fs::path& file, std::string_view id) {
  const std::string name = file.stem().string();
  return name == id || id.ends_with("." + name);
}

}  // namespace

Registry::Registry(std::vector<fs::path> folders, HostFacts host, PluginPolicy policy)
    : folders_(std::move(folders)), policy_(std::move(policy)) {
  for (const ListedFile& file : list_plugin_files(folders_)) {
    files_.push_back(examine(file, host, policy_));
  }
}

std::vector<Offer> Registry::offers() const {
  std::vector<Offer> offers;
  for (const PluginFile& file : files_) {
    if (!file.is_usable()) continue;
    const auto count = static_cast<std::uint32_t>(file.checked.manifest.provides.size());
    for (std::uint32_t i = 0; i < count; ++i) offers.push_back({&file, i});
  }
  return offers;
}

Offer Registry::find(std::string_view kind, std::string_view id) const {
  std::vector<Offer> found = offers();
  std::erase_if(found, [&](const Offer& offer) {
    return offer.provided().kind != kind || offer.provided().id != id;
  });
  if (found.empty()) refuse_unknown(kind, id);
  if (found.size() > 1) {
    refuse(found[0].file->checked.path, std::string(kind) + " " + std::string(id),
           "one file that provides it", found[1].file->checked.path.string() + " too",
           "remove one of the two", "E0407");
  }
  return found.front();
}

void Registry::refuse_unknown(std::string_view kind, std::string_view id) const {
  const std::string what = std::string(kind) + " " + printable(id);
  for (const PluginFile& file : files_) {
    if (file.is_usable()) continue;
    if (provides(file, kind, id) || is_named(file.place, id) || is_named(file.checked.path, id)) {
      Diagnostic problem = file.problem;
      problem.notes.push_back(problem.place.name() + ": " + problem.sentence);
      problem.sentence = what + " cannot be used";
      problem.place = {};
      throw Error(problem);
    }
  }
  std::vector<std::string> ids;
  for (const Offer& offer : offers()) {
    if (offer.provided().kind == kind) ids.push_back(offer.provided().id);
  }
  std::vector<std::string> folders;
  for (const fs::path& folder : folders_) folders.push_back(folder.string());
  Diagnostic problem{.id = "E0401",
                     .sentence = "there is no " + std::string(kind) + " `" + printable(id) + "`",
                     .label = "expected the id of an installed " + std::string(kind)};
  problem.notes.push_back(folders.empty() ? "there is no plugin folder"
                                          : "looked in " + join(folders));
  for (std::string& note : refusals()) problem.notes.push_back(std::move(note));
  if (const auto nearest = nearest_name(id, ids)) {
    problem.helps.push_back("did you mean `" + *nearest + "`?");
  } else if (!ids.empty()) {
    problem.helps.push_back("there are " + join(ids));
  } else {
    problem.helps.push_back("name its folder with --plugin-path");
  }
  throw Error(problem);
}

std::vector<std::string> Registry::refusals() const {
  constexpr std::size_t kMost = 3;
  std::vector<std::string> all;
  for (const PluginFile& file : files_) {
    if (!file.is_usable()) all.push_back("refused " + one_line_text(file.problem));
  }
  if (all.size() <= kMost) return all;
  return {std::to_string(all.size()) + " files were refused; `knack plugins list` shows them"};
}

const knack_descriptor_t& Registry::descriptor(std::string_view kind, std::string_view id) const {
  const Offer offer = find(kind, id);
  return *load(offer.file->checked).descriptor(offer.index);
}

std::vector<Pin> Registry::pins_of(const CheckedFile& file) const {
  std::vector<Pin> pins;
  for (const Provided& provided : file.manifest.provides) {
    const auto [first, last] = policy_.pins.equal_range(provided.kind + "/" + provided.id);
    for (auto pin = first; pin != last; ++pin) pins.push_back(pin->second);
  }
  return pins;
}

const knack_entry_t& Registry::load(const CheckedFile& file) const {
  return load_entry(file, pins_of(file));
}

void Registry::check_pins(const CheckedFile& file) const {
  host::check_pins(file, pins_of(file));
}

Instance Registry::create(std::string_view kind, std::string_view id, const std::string& name,
                          const Value& options, const HostServices& services) const {
  const Offer offer = find(kind, id);
  const CheckedFile& file = offer.file->checked;
  const knack_entry_t& entry = load(file);
  auto context = std::make_unique<InstanceContext>(file.path.string(), std::string(kind),
                                                   std::string(id), name, services);
  knack_instance_t* instance = nullptr;
  {
    const BorrowedValue borrowed(options);
    Call call(*context, "create", ExitCode::plugin);
    call.run([&] {
      if (HostDisguise* disguise = host_disguise()) {
        return disguise->create(entry, offer.index, *context, borrowed.get(), &instance);
      }
      return entry.create(offer.index, &context->table, borrowed.get(), &instance);
    });
    if (instance == nullptr) call.fail_check("an instance", "NULL");
  }
  return Instance(std::move(context), instance);
}

}  // namespace knack::host

// SPDX-License-Identifier: MIT
// A wrong plugin never runs and never harms the host: for each fault the one line a user sees.
#include <elf.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <cstring>

#include "host/plugin/kinds/model.hpp"
#include "host/plugin/kinds/trick.hpp"
#include "tests/support/error_message.hpp"
#include "tests/support/plugin_fixtures.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::testing {
namespace {

using host::ExitCode;
using host::Registry;

const host::HostServices kServices;

/// What making the trick `id` out of the only files in `folder` ends with.
std::string refusal_in(const std::filesystem::path& folder, const std::string& id,
                       ExitCode code = ExitCode::plugin) {
  return error_message(code, [&] {
    const Registry registry({folder}, host::this_host());
    registry.create<host::Trick>(id, id, host::Value::Map{}, kServices);
  });
}

std::string refusal(const std::string& fixture, ExitCode code = ExitCode::plugin) {
  return refusal_in(fixture_folder(fixture), fixture, code);
}

/// What the hook after_step of the fixture ends with.
std::string failure_in_hook(const std::string& fixture) {
  const Registry registry = fixture_registry(fixture);
  const auto trick =
      registry.create<host::Trick>(fixture, "my_name", host::Value::Map{}, kServices);
  return error_message(ExitCode::training, [&] {
    knack_hook_context_t context{};
    context.struct_size = sizeof(context);
    host::Replacements replacements;
    trick.call(host::Hook::after_step, context, replacements);
  });
}

std::string in_file(const std::string& fixture, const std::string& text) {
  return fixture_file(fixture) + ": " + text;
}

/// A refusal before the file is loaded.
std::string unusable(const std::string& id, const std::string& text) {
  return "trick " + id + " cannot be used; " + text;
}

constexpr const char* kReport = "report this to the plugin's author";
constexpr const char* kRebuild = "rebuild it with knack_add_plugin()";

TEST(WrongPlugin, ThatIsNoElfFile) {
  const TemporaryFolder folder;
  const auto file = folder.write("not_elf.so", std::string(100, 'x'));
  EXPECT_EQ(refusal_in(folder.path(), "not_elf"),
            unusable("not_elf", file.string() + ": file: expected an ELF shared object, found "
                                                "another kind of file; name a plugin's .so file"));
}

TEST(WrongPlugin, ThatIsTruncated) {
  const TemporaryFolder folder;
  const std::string whole = file_bytes(fixture_file("good_trick"));
  const auto file = folder.write("truncated.so", whole.substr(0, 100));
  Elf64_Ehdr header;
  std::memcpy(&header, whole.data(), sizeof(header));
  const std::string table = std::to_string(header.e_phnum * sizeof(Elf64_Phdr));
  EXPECT_EQ(refusal_in(folder.path(), "truncated"),
            unusable("truncated", file.string() +
                                      ": ELF segment table: expected it inside the file's 100 "
                                      "bytes, found " +
                                      table + " bytes at offset 64; build it or copy it again"));
}

TEST(WrongPlugin, Of32Bits) {
  const TemporaryFolder folder;
  Elf32_Ehdr header{};
  std::copy_n(ELFMAG, SELFMAG, header.e_ident);
  header.e_ident[EI_CLASS] = ELFCLASS32;
  header.e_ident[EI_DATA] = ELFDATA2LSB;
  header.e_ident[EI_VERSION] = EV_CURRENT;
  header.e_type = ET_DYN;
  header.e_machine = EM_386;
  header.e_version = EV_CURRENT;
  header.e_ehsize = sizeof(header);
  std::string bytes(reinterpret_cast<const char*>(&header), sizeof(header));
  bytes.resize(4096);
  const auto file = folder.write("elf32.so", bytes);
  EXPECT_EQ(refusal_in(folder.path(), "elf32"),
            unusable("elf32", file.string() + ": ELF class: expected 64-bit, found 32-bit; build "
                                              "it for this machine"));
}

TEST(WrongPlugin, WithoutManifest) {
  EXPECT_EQ(refusal("no_manifest"),
            unusable("no_manifest", in_file("no_manifest",
                                            "manifest: expected a .knack_manifest section, found "
                                            "none; rebuild it with knack_add_plugin()")));
}

TEST(WrongPlugin, OfAnotherAbiMajor) {
  EXPECT_EQ(refusal("other_abi_major"),
            unusable("other_abi_major",
                     in_file("other_abi_major",
                             "manifest.abi_major: expected 1, found 2; rebuild the plugin with "
                             "this knack's headers, or use a knack of its ABI major")));
}

TEST(WrongPlugin, ThatNeedsANewerAbiMinor) {
  EXPECT_EQ(refusal("newer_abi_minor"),
            unusable("newer_abi_minor",
                     in_file("newer_abi_minor",
                             "manifest.abi_minor: expected at most 1, found 7; update knack or "
                             "build the plugin for an older minor")));
}

TEST(WrongPlugin, ThatNeedsTheMinorAfterThisHosts) {
  const Registry today = fixture_registry("needs_abi_1_1");
  EXPECT_EQ(today.files().at(0).refusal, "");
  host::HostFacts older = host::this_host();
  older.abi_minor = 0;
  const Registry registry({fixture_folder("needs_abi_1_1")}, older);
  EXPECT_EQ(error_message(ExitCode::plugin, [&] { registry.find("trick", "needs_abi_1_1"); }),
            unusable("needs_abi_1_1",
                     in_file("needs_abi_1_1",
                             "manifest.abi_minor: expected at most 0, found 1; update knack or "
                             "build the plugin for an older minor")));
}

TEST(WrongPlugin, BuiltForAnotherLibTorch) {
  const host::TorchBuild torch = host::this_host().torch;
  EXPECT_EQ(refusal("torch_cxx_other_version"),
            unusable("torch_cxx_other_version",
                     in_file("torch_cxx_other_version",
                             "manifest.torch: expected version " + torch.version +
                                 ", cxx11_abi 1, compiler " + torch.compiler +
                                 ", found version 2.2.1, cxx11_abi 0, compiler gcc-9; rebuild the "
                                 "plugin with this host's LibTorch and compiler")));
}

TEST(WrongPlugin, WithoutEntry) {
  EXPECT_EQ(refusal("no_entry"),
            in_file("no_entry", std::string("symbol: expected the export knack_plugin_v1, found "
                                            "none; ") +
                                    kRebuild));
}

TEST(WrongPlugin, WithAnUndefinedSymbol) {
  EXPECT_EQ(refusal("undefined_symbol"),
            in_file("undefined_symbol",
                    "dlopen: expected a library that loads, found 'undefined symbol: "
                    "knack_fixture_function_of_nobody'; install what it needs or rebuild the "
                    "plugin"));
}

/// What an entry that is not as the manifest says ends with.
std::string bad_entry(const std::string& fixture, const std::string& text) {
  return in_file(fixture, text + "; " + kRebuild);
}

TEST(WrongPlugin, WhoseEntryIsTooShort) {
  EXPECT_EQ(refusal("entry_too_short"),
            bad_entry("entry_too_short", "entry.struct_size: expected at least 56, found 48"));
}

TEST(WrongPlugin, WhoseEntryNeedsAnotherMinor) {
  EXPECT_EQ(refusal("entry_of_other_minor"),
            bad_entry("entry_of_other_minor", "entry.abi_minor_needed: expected 0, found 3"));
}

TEST(WrongPlugin, WhoseEntryHasAnotherManifest) {
  EXPECT_EQ(refusal("entry_of_other_manifest"),
            bad_entry("entry_of_other_manifest",
                      "entry.manifest: expected the content of the section .knack_manifest, found "
                      "other bytes"));
}

TEST(WrongPlugin, WithMoreDescriptorsThanPromised) {
  EXPECT_EQ(
      refusal("more_descriptors_than_promised"),
      bad_entry("more_descriptors_than_promised", "entry.descriptor_count: expected 1, found 2"));
}

TEST(WrongPlugin, WhoseDescriptorHasAnotherId) {
  EXPECT_EQ(refusal("descriptor_of_other_id"),
            bad_entry("descriptor_of_other_id",
                      "descriptor(0): expected trick descriptor_of_other_id, found trick "
                      "something_else"));
}

TEST(WrongPlugin, ThatFailsInInit) {
  EXPECT_EQ(refusal("fails_in_init"),
            in_file("fails_in_init", "trick fails_in_init, init: the licence file is missing"));
}

TEST(WrongPlugin, ThatRefusesItsDataInCreate) {
  EXPECT_EQ(refusal("refuses_in_create", ExitCode::data),
            in_file("refuses_in_create",
                    "trick refuses_in_create, create: labels.gz: expected 60000 labels, found 12"));
}

/// What breaking the rules of a call ends with.
std::string defect(const std::string& fixture, const std::string& text) {
  return in_file(fixture, text + "; " + kReport);
}

TEST(WrongPlugin, ThatThrowsInCreate) {
  EXPECT_EQ(refusal("throws_in_create"),
            defect("throws_in_create",
                   "trick throws_in_create, create: expected a status, found "
                   "the exception 'the decay is 2'"));
}

TEST(WrongPlugin, ThatCreatesNothing) {
  EXPECT_EQ(
      refusal("creates_nothing"),
      defect("creates_nothing", "trick creates_nothing, create: expected an instance, found NULL"));
}

TEST(WrongPlugin, WithHalfOfAPairOfFunctions) {
  EXPECT_EQ(refusal("half_of_a_pair"),
            defect("half_of_a_pair",
                   "trick half_of_a_pair, state_save and state_load: expected "
                   "all or none of them, found 1"));
}

TEST(WrongPlugin, ThatIsAModelWithoutForward) {
  const Registry registry = fixture_registry("null_forward");
  const auto create = [&] {
    registry.create<host::Model>("null_forward", "model", host::Value::Map{}, kServices);
  };
  EXPECT_EQ(error_message(ExitCode::plugin, create),
            defect("null_forward", "model null_forward, forward: expected a function, found NULL"));
}

TEST(WrongPlugin, ThatThrowsInAHook) {
  EXPECT_EQ(failure_in_hook("throws_in_hook"),
            defect("throws_in_hook",
                   "trick throws_in_hook (instance my_name), after_step: expected a status, found "
                   "the exception 'index 7 is out of range'"));
}

TEST(WrongPlugin, ThatThrowsWhatIsNoException) {
  EXPECT_EQ(failure_in_hook("throws_an_int"),
            defect("throws_an_int",
                   "trick throws_an_int (instance my_name), after_step: expected a status, found "
                   "an exception of unknown type"));
}

TEST(WrongPlugin, ThatFailsWithoutText) {
  EXPECT_EQ(failure_in_hook("error_without_text"),
            defect("error_without_text",
                   "trick error_without_text (instance my_name), after_step: expected a text with "
                   "status 1, found none"));
}

TEST(WrongPlugin, ThatGivesAReplyOfAnotherHook) {
  EXPECT_EQ(failure_in_hook("reply_of_another_hook"),
            defect("reply_of_another_hook",
                   "trick reply_of_another_hook (instance my_name), after_step: expected a reply "
                   "that this hook has, found 1"));
}

TEST(WrongPlugin, WithAnIdThatAnotherFileHasToo) {
  const std::filesystem::path folder = fixture_folder("duplicate_id");
  EXPECT_EQ(refusal("duplicate_id"),
            (folder / "duplicate_id_first.so").string() +
                ": trick duplicate_id: expected one file that provides it, found " +
                (folder / "duplicate_id_second.so").string() + " too; remove one of the two");
}

/// What asking for a trick that none of the files in the folder of `fixture` provides ends with.
std::string unknown(const std::string& id, const std::string& fixture, const std::string& help) {
  return "there is no trick `" + id + "`: expected the id of an installed trick; looked in " +
         fixture_folder(fixture).string() + "; " + help;
}

TEST(WrongPlugin, ThatIsNotThere) {
  EXPECT_EQ(refusal_in(fixture_folder("good_trick"), "god_trick"),
            unknown("god_trick", "good_trick", "did you mean `good_trick`?"));
  EXPECT_EQ(refusal_in(fixture_folder("good_trick"), "zzz"),
            unknown("zzz", "good_trick", "there are good_trick"));
  EXPECT_EQ(refusal_in(fixture_folder("null_forward"), "ema"),
            unknown("ema", "null_forward", "name its folder with --plugin-path"));
}

}  // namespace
}  // namespace knack::testing

// SPDX-License-Identifier: MIT
#include "host/plugin/registry.hpp"

#include <gtest/gtest.h>

#include "host/plugin/kinds/trick.hpp"
#include "tests/support/error_message.hpp"
#include "tests/support/plugin_fixtures.hpp"
#include "tests/support/temporary_folder.hpp"

namespace knack::host {
namespace {

using knack::testing::fixture_file;
using knack::testing::fixture_folder;
using knack::testing::fixture_registry;

const HostServices kServices;

Trick good_trick(const Registry& registry, const std::string& name, std::int64_t first) {
  return registry.create<Trick>("good_trick", name, Value::Map{{"first", first}}, kServices);
}

std::int64_t steps(const Trick& trick) {
  const InstanceState state = trick.save_state();
  EXPECT_EQ(state.version, 3u);
  return *state.state.find("steps")->get_if<std::int64_t>();
}

void step(const Trick& trick) {
  knack_hook_context_t context{};
  context.struct_size = sizeof(context);
  Replacements replacements;
  trick.call(Hook::after_step, context, replacements);
}

TEST(Registry, ListsWhatFilesProvide) {
  const Registry registry = fixture_registry("good_trick");
  ASSERT_EQ(registry.offers().size(), 1u);
  EXPECT_EQ(registry.offers()[0].provided().id, "good_trick");
  EXPECT_EQ(registry.files()[0].checked.path, fixture_file("good_trick"));
  EXPECT_EQ(registry.files()[0].checked.manifest.version, "1.0.0");
}

TEST(Registry, RemembersABrokenFileAndUsesTheOthers) {
  const knack::testing::TemporaryFolder folder;
  folder.write("broken.so", "no program");
  const Registry registry({folder.path(), fixture_folder("good_trick")}, this_host());
  ASSERT_EQ(registry.files().size(), 2u);
  EXPECT_FALSE(registry.files()[0].is_usable());
  EXPECT_EQ(registry.offers().size(), 1u);
  EXPECT_EQ(steps(good_trick(registry, "it", 4)), 4);
}

TEST(Registry, GivesTheDescriptorOfAnId) {
  const Registry registry = fixture_registry("good_trick");
  const knack_descriptor_t& descriptor = registry.descriptor("trick", "good_trick");
  EXPECT_STREQ(descriptor.id, "good_trick");
  EXPECT_EQ(&registry.descriptor("trick", "good_trick"), &descriptor);
}

TEST(Registry, MakesInstancesThatShareNothing) {
  const Registry registry = fixture_registry("good_trick");
  const Trick one = good_trick(registry, "one", 0);
  const Trick two = good_trick(registry, "two", 10);
  step(one);
  step(one);
  step(two);
  EXPECT_EQ(steps(one), 2);
  EXPECT_EQ(steps(two), 11);
}

TEST(Registry, MakesInstancesThatTakeTheirStateBack) {
  const Registry registry = fixture_registry("good_trick");
  const Trick saved = good_trick(registry, "it", 41);
  step(saved);
  const Trick loaded = good_trick(registry, "it", 0);
  loaded.load_state(saved.save_state());
  EXPECT_EQ(steps(loaded), 42);
}

TEST(Registry, LoadsALibraryOnceForAllRegistries) {
  const Registry first = fixture_registry("good_trick");
  const Registry second = fixture_registry("good_trick");
  EXPECT_EQ(&first.descriptor("trick", "good_trick"), &second.descriptor("trick", "good_trick"));
}

}  // namespace
}  // namespace knack::host

// SPDX-License-Identifier: MIT
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "host/doctor/gpu.hpp"
#include "host/doctor/libraries.hpp"
#include "host/doctor/machine.hpp"
#include "host/doctor/variables.hpp"

namespace knack::host {
namespace {

using ::testing::HasSubstr;

const Finding& about(const Findings& findings, const std::string& subject) {
  for (const Finding& each : findings) {
    if (each.subject == subject) return each;
  }
  throw std::out_of_range(subject);
}

void expect(const Finding& finding, Health health, const std::string& found,
            const std::string& advice) {
  EXPECT_EQ(finding.health, health) << finding.found;
  EXPECT_THAT(finding.found, HasSubstr(found));
  EXPECT_THAT(finding.advice, HasSubstr(advice));
  EXPECT_EQ(finding.advice.empty(), health == Health::ok);
}

TEST(Gpu, IsNotMissedWhereThereIsNone) {
  expect(examine_gpu({}), Health::ok, "none", "");
}

TEST(Gpu, ThatLibTorchCannotUseIsAWarning) {
  GpuFacts facts;
  facts.has_driver = true;
  facts.models = {"NVIDIA H100"};
  expect(examine_gpu(facts), Health::warning, "NVIDIA H100 is there", "Torch_DIR");
}

TEST(Gpu, ThatCanBeUsedIsNamed) {
  GpuFacts facts;
  facts.is_built_in = facts.has_driver = true;
  facts.usable = 1;
  facts.driver = "550.54";
  facts.models = {"NVIDIA H100"};
  expect(examine_gpu(facts), Health::ok, "1 usable (NVIDIA H100), driver 550.54", "");
}

TEST(Gpu, ThatIsBuiltInAndCannotBeUsedIsExplained) {
  GpuFacts facts;
  facts.is_built_in = true;
  expect(examine_gpu(facts), Health::warning, "no NVIDIA driver", "install the driver");
  facts.has_driver = true;
  expect(examine_gpu(facts), Health::warning, "/dev/nvidia0 is not", "docker run --gpus all");
  facts.has_device_files = true;
  expect(examine_gpu(facts), Health::warning, "may be too old", "nvidia-smi");
  facts.visible_devices = "";
  expect(examine_gpu(facts), Health::warning, "hides them all", "unset CUDA_VISIBLE_DEVICES");
  facts.visible_devices = "0";
  expect(examine_gpu(facts), Health::warning, "may be too old", "nvidia-smi");
}

TEST(Libraries, OfOneNameAreOneCopyEach) {
  const Findings findings =
      examine_libraries({"/t/libtorch.so", "/t/libtorch_cpu.so", "/t/libc10.so",
                         "/t/libgomp-a34b3233.so.1", "/t/libtorch_global_deps.so"});
  for (const Finding& each : findings) EXPECT_EQ(each.health, Health::ok) << each.subject;
  EXPECT_EQ(about(findings, "OpenMP").found, "/t/libgomp-a34b3233.so.1");
  EXPECT_EQ(about(findings, "fmt").found, "not loaded");
}

TEST(Libraries, OfTwoMakersOfOpenMpAreTwo) {
  expect(about(examine_libraries({"/a/libgomp.so.1", "/b/libiomp5.so"}), "OpenMP"), Health::warning,
         "/a/libgomp.so.1, /b/libiomp5.so", "two OpenMP runtimes");
}

TEST(Libraries, OfLibTorchTwiceAreAProblem) {
  const Findings findings = examine_libraries({"/a/libc10.so", "/b/libc10.so"});
  expect(about(findings, "copies of LibTorch"), Health::problem, "/b/libc10.so", "crashes");
  EXPECT_TRUE(has_problem(findings));
}

TEST(Libraries, ThatAreLoadedAreListedOnceWithAFullPath) {
  const auto loaded = loaded_libraries();
  EXPECT_THAT(loaded, ::testing::Not(::testing::IsEmpty()));
  for (const auto& each : loaded) EXPECT_TRUE(each.is_absolute());
}

MachineFacts good_machine() {
  MachineFacts facts;
  facts.cpu = "A processor";
  facts.features = {"avx2"};
  facts.capability = "AVX2";
  facts.cores = facts.usable_cores = 8;
  facts.threads = 8;
  facts.memory = facts.available_memory = std::int64_t{8} << 30;
  return facts;
}

TEST(Machine, IsGoodWithAsManyThreadsAsCores) {
  for (const Finding& each : examine_machine(good_machine())) {
    EXPECT_EQ(each.health, Health::ok) << each.subject;
  }
}

TEST(Machine, WithAContainersQuotaWantsFewerThreads) {
  MachineFacts facts = good_machine();
  facts.quota = 2.5;
  expect(about(examine_machine(facts), "threads"), Health::warning, "the container may use 2.5",
         "trainer.threads to 2");
  facts.quota = 0.5;
  expect(about(examine_machine(facts), "threads"), Health::warning, "0.5", "trainer.threads to 1");
}

TEST(Machine, WithLittleMemoryInItsContainerGetsAWarning) {
  MachineFacts facts = good_machine();
  facts.memory_limit = std::int64_t{256} << 20;
  expect(about(examine_machine(facts), "memory"), Health::warning, "256 MiB", "container");
}

TEST(Machine, WhoseVectorsLieIdleGetsAWarning) {
  MachineFacts facts = good_machine();
  facts.capability = "DEFAULT";
  expect(about(examine_machine(facts), "processor"), Health::warning, "DEFAULT", "vector");
  facts.features.clear();
  expect(about(examine_machine(facts), "processor"), Health::ok, "no vector features", "");
}

TEST(Machine, IsAskedForRealNumbers) {
  const MachineFacts facts = gather_machine_facts();
  EXPECT_FALSE(facts.cpu.empty());
  EXPECT_GE(facts.cores, 1);
  EXPECT_GE(facts.usable_cores, 1);
  EXPECT_GT(facts.available_memory, 0);
  EXPECT_GE(facts.memory, facts.available_memory);
}

TEST(Variables, ThatMatterAreListedAndOthersAreNot) {
  const Findings findings =
      examine_variables({{"OMP_NUM_THREADS", "4"}, {"HOME", "/"}, {"MALLOC_ARENA_MAX", "1"}}, 4);
  ASSERT_EQ(findings.size(), 2U);
  expect(about(findings, "OMP_NUM_THREADS"), Health::ok, "4", "");
  expect(about(findings, "MALLOC_ARENA_MAX"), Health::warning, "1", "2 or more");
  expect(about(examine_variables({}, 4), "variables"), Health::ok, "none is set", "");
}

}  // namespace
}  // namespace knack::host

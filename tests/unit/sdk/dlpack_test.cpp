// SPDX-License-Identifier: MIT
// Tensors for other libraries, and memory of one's own as a tensor.
#include <ATen/ATen.h>
#include <knack/sdk/dlpack.hpp>

#include <memory>
#include <numeric>

#include "tests/unit/sdk/host_operators.hpp"

namespace knack {
namespace {

class DlpackTest : public HostOperators {};

TEST_F(DlpackTest, ThereAndBackSharesTheMemory) {
  const at::Tensor tensor = at::arange(6).reshape({2, 3}).t();
  DlpackTensor given = to_dlpack(wrap(tensor));
  ASSERT_NE(given, nullptr);
  EXPECT_EQ(given->dl_tensor.shape[0], 3);
  EXPECT_EQ(given->dl_tensor.strides[0], 1);
  Tensor back = from_dlpack(std::move(given));
  EXPECT_EQ(back.dtype(), Dtype::int64);
  EXPECT_EQ(back.info().data_borrowed, tensor.data_ptr());
  EXPECT_TRUE(at::equal(unwrap(back), tensor));
  back.fill_(7);
  EXPECT_EQ(tensor[2][1].item<int>(), 7);
}

TEST_F(DlpackTest, WhatIsNotTakenIsGivenBack) {
  const at::Tensor tensor = at::ones({2});
  {
    const DlpackTensor given = to_dlpack(wrap(tensor));
  }
  EXPECT_EQ(tensor.use_count(), 1);
  DlpackTensor given = to_dlpack(wrap(tensor));
  given->dl_tensor.dtype.lanes = 4;
  EXPECT_THROW((void)from_dlpack(std::move(given)), Error);
  EXPECT_EQ(tensor.use_count(), 1);
}

TEST_F(DlpackTest, ATensorWithAGradientIsDetachedFirst) {
  const at::Tensor tensor = at::ones({2}).set_requires_grad(true);
  EXPECT_THROW((void)to_dlpack(wrap(tensor)), Error);
  EXPECT_NE(to_dlpack(wrap(tensor).detach()), nullptr);
}

TEST_F(DlpackTest, MemoryLivesAsLongAsTheTensors) {
  auto numbers = std::make_shared<std::vector<float>>(6);
  std::iota(numbers->begin(), numbers->end(), 0.0F);
  const std::array<std::int64_t, 2> sizes{2, 3};
  Tensor row;
  {
    const Tensor all = from_memory(std::span(*numbers), sizes, numbers);
    EXPECT_EQ(all.data<float>().data(), numbers->data());
    row = all[1];
  }
  EXPECT_EQ(numbers.use_count(), 2);
  EXPECT_EQ(row.sum().item(), 12.0);
  row = Tensor();
  EXPECT_EQ(numbers.use_count(), 1);
  const std::array<std::int64_t, 1> wrong{5};
  EXPECT_THROW((void)from_memory(std::span(*numbers), wrong, numbers), Error);
  EXPECT_EQ(numbers.use_count(), 1);
}

TEST_F(DlpackTest, AVectorThatIsMovedKeepsItsElements) {
  const std::array<std::int64_t, 1> sizes{3};
  std::vector<float> numbers{1, 2, 4};
  const std::span elements(numbers);
  const Tensor tensor = from_memory(elements, sizes, std::move(numbers));
  EXPECT_EQ(tensor.data<float>().data(), elements.data());
  EXPECT_EQ(tensor.sum().item(), 7.0);
}

TEST_F(DlpackTest, ElementsThatDoNotMoveWithTheirOwnerAreRefused) {
  const std::array<std::int64_t, 1> sizes{3};
  std::array<float, 3> inside{1, 2, 4};
  std::vector<float> copied{1, 2, 4};
  EXPECT_THROW((void)from_memory(std::span<float>(inside), sizes, inside), Error);
  EXPECT_THROW((void)from_memory(std::span(copied), sizes, copied), Error);
}

}  // namespace
}  // namespace knack

// SPDX-License-Identifier: MIT
#include "host/validate/loan.hpp"

#include <ATen/ATen.h>
#include <gtest/gtest.h>

#include <csignal>
#include <cstdlib>
#include <nlohmann/json.hpp>

#include "host/plugin/tensor_handle.hpp"
#include "host/plugin/text.hpp"
#include "host/plugin/value.hpp"

namespace knack::host {
namespace {

constexpr LoanTerms kTakesBack{.takes_back = true};
constexpr LoanTerms kTail{.tail = 64};

const Value kTree = Value::Map{{"name", "text"}, {"list", Value::List{1, 2}}};

template <class T>
char first_byte(const T* pointer) {
  return *reinterpret_cast<const volatile char*>(pointer);
}

/// Whether reading there ends the process.
template <class T>
void expect_gone(const T* pointer) {
  EXPECT_EXIT(first_byte(pointer), testing::KilledBySignal(SIGSEGV), "");
}

TEST(Loan, LendsTheOriginalWhereThereAreNoTerms) {
  const BorrowedValue tree(kTree);
  Loan loan({});
  EXPECT_EQ(loan.lend(tree.get()), tree.get());
}

TEST(Loan, LendsTreesThatAreEqual) {
  const BorrowedValue tree(kTree);
  Loan loan(kTakesBack);
  const knack_value_t* lent = loan.lend(tree.get());
  EXPECT_NE(lent, tree.get());
  EXPECT_EQ(Value::copy(*lent).to_json(), kTree.to_json());
}

TEST(Loan, TakesBackEveryPartOfATree) {
  const BorrowedValue tree(kTree);
  const knack_value_t* lent = nullptr;
  const knack_named_value_t* entries = nullptr;
  const char* name = nullptr;
  const char* text = nullptr;
  {
    Loan loan(kTakesBack);
    lent = loan.lend(tree.get());
    entries = lent->as.entries;
    name = entries[0].name.data;
    text = entries[0].value.as.string;
    EXPECT_EQ(first_byte(text), 't');
  }
  expect_gone(lent);
  expect_gone(entries);
  expect_gone(name);
  expect_gone(text);
}

TEST(Loan, LendsAndTakesBackTextsOfManyMegabytes) {
  const Value value = Value::List{std::string(3 << 20, 'a'), "small", std::string(3 << 20, 'b')};
  const BorrowedValue tree(value);
  const char* texts[3] = {};
  {
    Loan loan(kTakesBack);
    const knack_value_t* lent = loan.lend(tree.get());
    for (std::size_t i = 0; i < 3; ++i) texts[i] = lent->as.items[i].as.string;
    EXPECT_EQ(Value::copy(*lent).to_json(), value.to_json());
  }
  for (const char* text : texts) expect_gone(text);
  expect_gone(texts[2] + (3 << 20) - 1);
  EXPECT_TRUE(all_loans_were_taken_back());
}

TEST(LoanDeathTest, SaysWhenThereIsNoMoreToTakeBack) {
  const auto lend_a_lot = [] {
    const std::string text(300 << 20, 'a');
    for (int i = 0; i < 4; ++i) Loan(kTakesBack).lend(text.c_str());
    std::_Exit(all_loans_were_taken_back() ? 1 : 0);
  };
  EXPECT_EXIT(lend_a_lot(), testing::ExitedWithCode(0), "");
}

TEST(Loan, TakesBackHandlesAndLeavesTheTensor) {
  const at::Tensor tensor = at::ones({2});
  const Value value(tensor);
  const BorrowedValue tree(value);
  const auto references = tensor.use_count();
  knack_tensor_t* handle = nullptr;
  {
    Loan loan(kTakesBack);
    handle = loan.lend(tree.get())->as.tensor;
    EXPECT_TRUE(tensor_of(handle).is_same(tensor));
  }
  expect_gone(handle);
  EXPECT_EQ(tensor.use_count(), references);
}

TEST(Loan, TakesBackContextsAndKeepsTheAnswers) {
  knack_hook_context_t context{};
  context.struct_size = sizeof(context);
  context.step = 5;
  context.monitor = lend("top1");
  const knack_hook_context_t* lent = nullptr;
  const char* monitor = nullptr;
  {
    Loan loan(kTakesBack);
    knack_hook_context_t* given = loan.lend(&context);
    EXPECT_EQ(given->step, 5);
    EXPECT_EQ(view(given->monitor), "top1");
    given->reply = KNACK_REPLY_STOP_EPOCH;
    given->request_micro_batches = 3;
    given->step = 99;
    lent = given;
    monitor = given->monitor.data;
  }
  expect_gone(lent);
  expect_gone(monitor);
  EXPECT_EQ(context.reply, KNACK_REPLY_STOP_EPOCH);
  EXPECT_EQ(context.request_micro_batches, 3);
  EXPECT_EQ(context.step, 5);
}

TEST(Loan, TakesBackGradientsOfAllGroups) {
  const at::Tensor tensor = at::ones({2});
  knack_tensor_t* const first[] = {borrow(tensor)};
  knack_tensor_t* const second[] = {nullptr, borrow(tensor)};
  knack_tensor_t* const* const groups[] = {first, second};
  const knack_optimizer_step_t step{sizeof(step), 0, 2, groups};
  const std::uint64_t sizes[] = {1, 2};
  knack_tensor_t* handle = nullptr;
  {
    Loan loan(kTakesBack, sizes);
    const knack_optimizer_step_t* lent = loan.lend(&step);
    EXPECT_EQ(lent->gradients_borrowed[1][0], nullptr);
    handle = lent->gradients_borrowed[1][1];
    EXPECT_TRUE(tensor_of(handle).is_same(tensor));
  }
  expect_gone(handle);
}

TEST(Loan, PutsAPoisonedTailBehindStructs) {
  knack_hook_context_t context{};
  context.struct_size = sizeof(context);
  Loan loan(kTail);
  const knack_hook_context_t* lent = loan.lend(&context);
  EXPECT_EQ(lent->struct_size, sizeof(context) + kTail.tail);
  const auto* tail = reinterpret_cast<const unsigned char*>(lent + 1);
  EXPECT_EQ(tail[0], kPoison);
  EXPECT_EQ(tail[kTail.tail - 1], kPoison);
}

TEST(Loan, NeverLendsAnAddressTwiceThatItTookBack) {
  const BorrowedValue tree(kTree);
  const knack_value_t* first = nullptr;
  {
    Loan loan(kTakesBack);
    first = loan.lend(tree.get());
  }
  Loan loan(kTakesBack);
  EXPECT_NE(loan.lend(tree.get()), first);
}

}  // namespace
}  // namespace knack::host

// SPDX-License-Identifier: MIT
// The gateway gives what calling ATen directly gives, and refuses everything else.
#include <ATen/ATen.h>
#include <knack/abi/ext/aten.h>

#include <thread>
#include <vector>

#include "host/plugin/tensor_handle.hpp"
#include "tests/unit/host/services/service_test.hpp"

namespace knack::host {
namespace {

class Gateway : public knack::testing::ServiceTest {
 protected:
  const knack_operator_t* find(const char* name, const char* overload = "") {
    const knack_operator_t* op = nullptr;
    EXPECT_EQ(api->find(name, overload, &op), KNACK_STATUS_OK) << error();
    return op;
  }

  std::string error() const {
    const knack_string_t text = api->last_error();
    return {text.data, text.size};
  }

  /// The results of a call that has to succeed.
  std::vector<Value> results(const knack_operator_t* op, const Value::List& arguments) {
    const Value list(arguments);
    const BorrowedValue borrowed(list);
    std::vector<knack_value_t> owned(8);
    std::uint64_t count = 0;
    EXPECT_EQ(api->call(op, borrowed.get()->as.items, arguments.size(), owned.data(), owned.size(),
                        &count),
              KNACK_STATUS_OK)
        << error();
    std::vector<Value> results;
    for (std::uint64_t i = 0; i < count; ++i) results.push_back(Value::take(owned[i]));
    return results;
  }

  at::Tensor tensor_result(const knack_operator_t* op, const Value::List& arguments) {
    return *results(op, arguments).at(0).get_if<at::Tensor>();
  }

  /// The text with which a call is refused.
  std::string refusal(const knack_operator_t* op, const Value::List& arguments) {
    const Value list(arguments);
    const BorrowedValue borrowed(list);
    return refusal(op, borrowed.get()->as.items, arguments.size());
  }

  std::string refusal(const knack_operator_t* op, const knack_value_t* arguments,
                      std::uint64_t argument_count) {
    std::vector<knack_value_t> owned(8);
    std::uint64_t count = 0;
    EXPECT_NE(api->call(op, arguments, argument_count, owned.data(), owned.size(), &count),
              KNACK_STATUS_OK);
    EXPECT_EQ(count, 0u);
    return error();
  }

  const knack_aten_api_t* api = table<knack_aten_api_t>(register_aten, KNACK_EXT_ATEN);
  Call in_progress{context, "after_step"};
};

TEST_F(Gateway, GivesTheBitsThatADirectCallGives) {
  const at::Tensor x = at::randn({4, 3, 8, 8});
  const at::Tensor weight = at::randn({5, 3, 3, 3});
  const at::Tensor found =
      tensor_result(find("aten::conv2d"),
                    {x, weight, {}, Value::List{2, 2}, Value::List{1, 1}, Value::List{1, 1}, 1});
  EXPECT_TRUE(at::equal(found, at::conv2d(x, weight, {}, 2, 1)));
}

TEST_F(Gateway, FillsInDefaultsAndTakesScalarsOfAnyKind) {
  const at::Tensor x = at::randn({5});
  const auto* add = find("aten::add", "Tensor");
  EXPECT_TRUE(at::equal(tensor_result(add, {x, x}), x + x));
  EXPECT_TRUE(at::equal(tensor_result(add, {x, x, 0.5}), at::add(x, x, 0.5)));
  EXPECT_TRUE(at::equal(tensor_result(add, {x, x, 2}), at::add(x, x, 2)));
}

TEST_F(Gateway, IsRecordedByAutograd) {
  const auto gradient = [&](bool through_the_gateway) {
    at::Tensor weight = at::full({3}, 2.0).set_requires_grad(true);
    const at::Tensor x = at::arange(3.0);
    at::Tensor loss =
        through_the_gateway ? tensor_result(find("aten::dot"), {weight, x}) : at::dot(weight, x);
    loss = through_the_gateway ? tensor_result(find("aten::pow", "Tensor_Scalar"), {loss, 3})
                               : loss.pow(3);
    loss.backward();
    return weight.grad();
  };
  EXPECT_TRUE(at::equal(gradient(true), gradient(false)));
}

TEST_F(Gateway, WorksInPlaceOnListsOfTensors) {
  std::vector<at::Tensor> averages;
  std::vector<at::Tensor> expected;
  Value::List average_list;
  Value::List weight_list;
  std::vector<at::Tensor> weights;
  for (int i = 0; i < 161; ++i) {
    averages.push_back(at::randn({i + 1}));
    expected.push_back(averages.back().clone());
    weights.push_back(at::randn({i + 1}));
    average_list.push_back(averages.back());
    weight_list.push_back(weights.back());
  }
  results(find("aten::_foreach_lerp_", "Scalar"), {average_list, weight_list, 0.001});
  at::_foreach_lerp_(expected, weights, 0.001);
  for (std::size_t i = 0; i < expected.size(); ++i) {
    EXPECT_TRUE(at::equal(averages[i], expected[i])) << i;
  }
}

TEST_F(Gateway, GivesListsAndNumbersAndSeveralResults) {
  const at::Tensor x = at::arange(6.0);
  const auto parts = results(find("aten::split", "Tensor"), {x, 2});
  const auto& list = *parts.at(0).get_if<Value::List>();
  ASSERT_EQ(list.size(), 3u);
  EXPECT_TRUE(at::equal(*list[2].get_if<at::Tensor>(), at::tensor({4.0, 5.0})));
  const auto top = results(find("aten::topk"), {x, 2});
  ASSERT_EQ(top.size(), 2u);
  EXPECT_TRUE(at::equal(*top[1].get_if<at::Tensor>(), at::tensor({5, 4}, at::kLong)));
  const auto number = results(find("aten::item"), {at::full({}, 3, at::kLong)});
  EXPECT_EQ(*number.at(0).get_if<std::int64_t>(), 3);
}

TEST_F(Gateway, TakesTypesDevicesAndMissingThings) {
  const at::Tensor zeros =
      tensor_result(find("aten::zeros"), {Value::List{2, 3}, KNACK_DTYPE_FLOAT64, {}, "cpu"});
  EXPECT_TRUE(at::equal(zeros, at::zeros({2, 3}, at::kDouble)));
  const at::Tensor x = at::arange(6.0).view({2, 3});
  const at::Tensor picked =
      tensor_result(find("aten::index", "Tensor"), {x, Value::List{{}, at::tensor({2, 0})}});
  EXPECT_TRUE(at::equal(picked, at::tensor({2.0, 0.0, 5.0, 3.0}).view({2, 2})));
  EXPECT_TRUE(at::equal(tensor_result(find("aten::mean", "dim"), {x, 1}), x.mean(1)));
}

TEST_F(Gateway, GivesEachHandleOneReferenceOfItsOwn) {
  const at::Tensor x = at::ones({3});
  const auto* relu = find("aten::relu_");
  EXPECT_EQ(x.use_count(), 1u);
  EXPECT_TRUE(tensor_result(relu, {x}).is_same(x));
  EXPECT_EQ(x.use_count(), 1u);
}

TEST_F(Gateway, DrawsFromTheInstancesOwnStream) {
  const auto* bernoulli = find("aten::bernoulli", "p");
  const at::Tensor x = at::zeros({64});
  at::manual_seed(3);
  const double next_of_default = at::rand({}).item<double>();
  at::manual_seed(3);
  const at::Tensor first = tensor_result(bernoulli, {x, 0.5});
  EXPECT_EQ(at::rand({}).item<double>(), next_of_default);
  InstanceContext same("/p/ema.so", "trick", "ema", "ema", services);
  Call call(same, "after_step");
  EXPECT_TRUE(at::equal(tensor_result(bernoulli, {x, 0.5}), first));
}

TEST_F(Gateway, DrawsNothingWhereNoInstanceIsCalled) {
  const auto* bernoulli = find("aten::bernoulli", "p");
  const at::Tensor x = at::zeros({4});
  std::thread([&] {
    EXPECT_EQ(refusal(bernoulli, {x, 0.5}),
              "aten::bernoulli.p: random numbers: expected a call by the host to be in progress on "
              "this thread, found none");
  }).join();
}

TEST_F(Gateway, FindsEachOperatorOnce) {
  EXPECT_EQ(find("aten::relu"), find("aten::relu"));
}

TEST_F(Gateway, RefusesOperatorsThatAreNone) {
  const knack_operator_t* op = nullptr;
  EXPECT_EQ(api->find("aten::no_such_thing", "", &op), KNACK_STATUS_NOT_FOUND);
  EXPECT_EQ(error(),
            "aten::no_such_thing: expected an operator of this LibTorch with overload '', found "
            "none");
  EXPECT_EQ(api->find("aten::add", "Nothing", &op), KNACK_STATUS_NOT_FOUND);
  EXPECT_EQ(api->find("no colons", "", &op), KNACK_STATUS_NOT_FOUND);
  EXPECT_EQ(api->find(nullptr, "", &op), KNACK_STATUS_INVALID);
  EXPECT_EQ(op, nullptr);
}

TEST_F(Gateway, RefusesArgumentsOfAWrongType) {
  const at::Tensor x = at::ones({2});
  EXPECT_EQ(refusal(find("aten::lerp", "Scalar"), {x, x, "half"}),
            "aten::lerp.Scalar: argument 'weight': expected number, found STRING");
  EXPECT_EQ(refusal(find("aten::relu"), {Value(Value::List{x})}),
            "aten::relu: argument 'self': expected Tensor, found LIST");
  EXPECT_EQ(refusal(find("aten::cat"), {Value(Value::List{x, 3})}),
            "aten::cat: argument 'tensors': expected List[Tensor], found element 1, INT 3");
  EXPECT_EQ(refusal(find("aten::zeros"), {Value::List{2}, 4711}),
            "aten::zeros: argument 'dtype': expected Optional[ScalarType], found INT 4711");
  EXPECT_EQ(refusal(find("aten::relu"), {{}}),
            "aten::relu: argument 'self': expected Tensor, found NONE");
}

TEST_F(Gateway, RefusesTooFewAndTooManyArguments) {
  const at::Tensor x = at::ones({2});
  EXPECT_EQ(refusal(find("aten::lerp", "Scalar"), {x}),
            "aten::lerp.Scalar: argument 'end': expected Tensor, found nothing");
  EXPECT_EQ(refusal(find("aten::relu"), {x, x}),
            "aten::relu: expected at most 1 arguments, found 2");
}

TEST_F(Gateway, SaysWhatLibTorchSaidWithoutItsBacktrace) {
  EXPECT_EQ(refusal(find("aten::add", "Tensor"), {at::ones({2}), at::ones({3})}),
            "aten::add.Tensor: The size of tensor a (2) must match the size of tensor b (3) at "
            "non-singleton dimension 0");
}

TEST_F(Gateway, RefusesHandlesThatAreNoTensors) {
  const auto* relu = find("aten::relu");
  knack_value_t argument{};
  argument.tag = KNACK_VALUE_TENSOR;
  EXPECT_EQ(refusal(relu, &argument, 1),
            "aten::relu: argument 'self': expected Tensor, found a tensor that is NULL");
  const at::Tensor undefined;
  argument.as.tensor = borrow(undefined);
  EXPECT_EQ(refusal(relu, &argument, 1),
            "aten::relu: argument 'self': expected Tensor, found a tensor that is undefined");
  argument.tag = 4711;
  EXPECT_EQ(refusal(relu, &argument, 1),
            "aten::relu: argument 'self': expected Tensor, found the unknown tag 4711");
}

TEST_F(Gateway, RefusesListsThatAreNone) {
  const auto* cat = find("aten::cat");
  knack_value_t argument{};
  argument.tag = KNACK_VALUE_LIST;
  argument.count = 3;
  EXPECT_EQ(refusal(cat, &argument, 1),
            "aten::cat: argument 'tensors': expected List[Tensor], found LIST");
  EXPECT_EQ(refusal(cat, nullptr, 1),
            "call: expected an operator, its arguments and places for results, found NULL");
  EXPECT_EQ(refusal(nullptr, &argument, 1),
            "call: expected an operator, its arguments and places for results, found NULL");
}

TEST_F(Gateway, WritesNoMoreResultsThanThereIsRoomFor) {
  const Value arguments = Value::List{at::arange(6.0), 2};
  const BorrowedValue borrowed(arguments);
  knack_value_t values{};
  std::uint64_t count = 0;
  ASSERT_EQ(api->call(find("aten::topk"), borrowed.get()->as.items, 2, &values, 1, &count),
            KNACK_STATUS_OK);
  EXPECT_EQ(count, 2u);
  EXPECT_TRUE(at::equal(*Value::take(values).get_if<at::Tensor>(), at::tensor({5.0, 4.0})));
}

}  // namespace
}  // namespace knack::host

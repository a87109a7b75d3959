// SPDX-License-Identifier: MIT
// Structs whose size the two sides do not agree on.
#include <gtest/gtest.h>
#include <knack/abi/ext/params.h>

#include <cstddef>
#include <cstring>

#include "host/services/status.hpp"

namespace knack::host {
namespace {

constexpr unsigned char kPoison = 0xa5;

const knack_param_t kFilled{sizeof(knack_param_t), 1,           {"name", 4},
                            {"role", 4},           {"kind", 4}, nullptr};

/// What a plugin has for the struct, all of it poisoned but the struct_size.
struct Room {
  explicit Room(std::uint32_t size) {
    std::memset(bytes, kPoison, sizeof(bytes));
    std::memcpy(bytes, &size, sizeof(size));
  }
  knack_param_t* get() {
    return reinterpret_cast<knack_param_t*>(bytes);
  }
  void expect_poison_from(std::size_t begin) const {
    for (std::size_t i = begin; i < sizeof(bytes); ++i) ASSERT_EQ(bytes[i], kPoison) << i;
  }

  alignas(knack_param_t) unsigned char bytes[sizeof(knack_param_t) + 32];
};

TEST(Fill, WritesNoMoreThanASmallerStructHasRoomFor) {
  constexpr std::uint32_t kSize = offsetof(knack_param_t, role);
  Room room(kSize);
  fill(room.get(), kFilled);
  EXPECT_EQ(room.get()->struct_size, kSize);
  EXPECT_EQ(room.get()->name.size, 4u);
  room.expect_poison_from(kSize);
}

TEST(Fill, TellsALargerStructHowMuchOfItIsFilled) {
  Room room(sizeof(Room));
  fill(room.get(), kFilled);
  EXPECT_EQ(room.get()->struct_size, sizeof(knack_param_t));
  EXPECT_EQ(room.get()->owner_kind.size, 4u);
  room.expect_poison_from(sizeof(knack_param_t));
}

TEST(Fill, RefusesAStructWithoutRoomForItsSize) {
  Room room(3);
  EXPECT_THROW(fill(room.get(), kFilled), ServiceError);
  room.expect_poison_from(sizeof(std::uint32_t));
}

}  // namespace
}  // namespace knack::host

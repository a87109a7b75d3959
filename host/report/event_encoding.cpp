// SPDX-License-Identifier: MIT
#include "host/report/event_encoding.hpp"

#include <bit>
#include <boost/crc.hpp>

namespace knack::host {
namespace {

template <class Number>
void append_little_endian(std::string& bytes, Number number) {
  for (std::size_t i = 0; i < sizeof number; ++i) {
    bytes.push_back(static_cast<char>(number >> (8 * i) & 0xff));
  }
}

/// As TensorFlow stores it, so that the checksum of data that holds checksums is still a good one.
std::uint32_t masked(std::uint32_t checksum) {
  return std::rotr(checksum, 15) + 0xa282'ead8u;
}

}  // namespace

std::uint32_t crc32c(std::string_view bytes) {
  boost::crc_optimal<32, 0x1edc'6f41, 0xffff'ffff, 0xffff'ffff, true, true> checksum;
  checksum.process_bytes(bytes.data(), bytes.size());
  return checksum.checksum();
}

std::string tf_record(std::string_view data) {
  std::string record;
  append_little_endian(record, std::uint64_t{data.size()});
  append_little_endian(record, masked(crc32c(record)));
  record += data;
  append_little_endian(record, masked(crc32c(data)));
  return record;
}

ProtoMessage& ProtoMessage::integer(int field, std::int64_t value) {
  key(field, WireType::varint);
  varint(static_cast<std::uint64_t>(value));
  return *this;
}

ProtoMessage& ProtoMessage::real(int field, double value) {
  key(field, WireType::fixed64);
  append_little_endian(bytes_, std::bit_cast<std::uint64_t>(value));
  return *this;
}

ProtoMessage& ProtoMessage::real(int field, float value) {
  key(field, WireType::fixed32);
  append_little_endian(bytes_, std::bit_cast<std::uint32_t>(value));
  return *this;
}

ProtoMessage& ProtoMessage::text(int field, std::string_view value) {
  key(field, WireType::length);
  varint(value.size());
  bytes_ += value;
  return *this;
}

void ProtoMessage::key(int field, WireType type) {
  varint(static_cast<std::uint64_t>(field) << 3 | static_cast<std::uint64_t>(type));
}

void ProtoMessage::varint(std::uint64_t value) {
  for (; value >= 0x80; value >>= 7) bytes_.push_back(static_cast<char>(value | 0x80));
  bytes_.push_back(static_cast<char>(value));
}

}  // namespace knack::host

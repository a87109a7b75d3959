// SPDX-License-Identifier: MIT
// The bytes of TensorBoard's event files: protobuf messages in the records of TFRecord.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace knack::host {

/// CRC-32C (Castagnoli) as in RFC 3720, appendix B.4.
std::uint32_t crc32c(std::string_view bytes);

/// A record of TensorFlow's TFRecord format: length, masked CRC-32C of the length, `data`, masked
/// CRC-32C of `data`; all numbers little-endian.
std::string tf_record(std::string_view data);

/// A message in the wire format of protobuf, written field by field.
class ProtoMessage {
 public:
  ProtoMessage& integer(int field, std::int64_t value);  ///< int32, int64, bool, enum
  ProtoMessage& real(int field, double value);
  ProtoMessage& real(int field, float value);
  ProtoMessage& text(int field, std::string_view value);  ///< string, bytes
  ProtoMessage& message(int field, const ProtoMessage& value) {
    return text(field, value.bytes_);
  }

  const std::string& bytes() const {
    return bytes_;
  }

 private:
  enum class WireType : std::uint8_t { varint = 0, fixed64 = 1, length = 2, fixed32 = 5 };
  void key(int field, WireType type);
  void varint(std::uint64_t value);

  std::string bytes_;
};

}  // namespace knack::host

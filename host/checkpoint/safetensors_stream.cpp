// SPDX-License-Identifier: MIT
#include "host/checkpoint/safetensors_stream.hpp"

#include <utility>

#include "host/checkpoint/safetensors_layout.hpp"
#include "host/common/error.hpp"

namespace knack::host {

SafetensorsStream::SafetensorsStream(const std::filesystem::path& file,
                                     std::vector<TensorToWrite> tensors,
                                     const std::map<std::string, std::string>& metadata)
    : file_(file), tensors_(std::move(tensors)), rooms_(tensors_.size()), atomic_(file) {
  const SafetensorsLayout layout = lay_out(file, tensors_, metadata);
  std::uint64_t end = layout.start.size();
  for (const TensorToWrite* tensor : layout.order) {
    const auto begin = std::exchange(end, end + tensor->bytes);
    rooms_[static_cast<std::size_t>(tensor - tensors_.data())] = {begin, end};
  }
  atomic_.output().write(layout.start);
}

void SafetensorsStream::append(std::size_t index, const void* data, std::size_t bytes) {
  Room& room = rooms_[index];
  if (bytes > room.end - room.next) {
    refuse(index, "found " + std::to_string(bytes - (room.end - room.next)) + " more");
  }
  atomic_.output().write_at(room.next, data, bytes);
  room.next += bytes;
}

void SafetensorsStream::commit() {
  for (std::size_t i = 0; i < rooms_.size(); ++i) {
    const std::uint64_t left = rooms_[i].end - rooms_[i].next;
    if (left > 0) refuse(i, "found " + std::to_string(left) + " less");
  }
  atomic_.commit();
}

void SafetensorsStream::refuse(std::size_t index, const std::string& problem) const {
  throw Error("E0503", file_,
              "cannot write tensor '" + tensors_[index].name + "': expected " +
                  std::to_string(tensors_[index].bytes) + " bytes, " + problem);
}

}  // namespace knack::host

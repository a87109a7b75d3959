// SPDX-License-Identifier: MIT
#include "host/plugin/value.hpp"

#include <cstring>
#include <stdexcept>
#include <unordered_set>

#include "host/plugin/tensor_handle.hpp"
#include "host/plugin/text.hpp"

namespace knack::host {
namespace {

/// Beyond this a count is taken for garbage.
constexpr std::uint64_t kMostElements = std::uint64_t{1} << 32;

[[noreturn]] void refuse(const std::string& what) {
  throw std::invalid_argument(what);
}

void check(const knack_value_t& value, int depth);

void check_list(const knack_value_t& value, int depth) {
  for (std::uint64_t i = 0; i < value.count; ++i) check(value.as.items[i], depth + 1);
}

void check_map(const knack_value_t& value, int depth) {
  std::unordered_set<std::string_view> names;
  for (std::uint64_t i = 0; i < value.count; ++i) {
    const knack_named_value_t& entry = value.as.entries[i];
    if (entry.name.data == nullptr && entry.name.size > 0) refuse("a map entry whose name is NULL");
    if (!names.insert(view(entry.name)).second) {
      refuse("a map with two entries named '" + std::string(view(entry.name)) + "'");
    }
    check(entry.value, depth + 1);
  }
}

/// Throws unless the whole tree keeps the rules of the ABI.
void check(const knack_value_t& value, int depth) {
  if (depth >= kDeepestValue) {
    refuse("a value nested more than " + std::to_string(kDeepestValue) + " deep");
  }
  if (value.reserved != 0) {
    refuse("a value whose reserved field is " + std::to_string(value.reserved) + " and not 0");
  }
  switch (value.tag) {
    case KNACK_VALUE_NONE:
    case KNACK_VALUE_BOOL:
    case KNACK_VALUE_INT:
    case KNACK_VALUE_FLOAT:
      return;
    case KNACK_VALUE_TENSOR:
      if (value.as.tensor == nullptr) refuse("a tensor that is NULL");
      if (!is_usable(value.as.tensor)) refuse("a tensor that is undefined");
      return;
    case KNACK_VALUE_STRING:
    case KNACK_VALUE_LIST:
    case KNACK_VALUE_MAP:
      break;
    default:
      refuse("a value with the unknown tag " + std::to_string(value.tag));
  }
  if (value.count >= kMostElements) {
    refuse("a value with " + std::to_string(value.count) + " elements");
  }
  if (value.as.items == nullptr && value.count > 0) refuse("a list, map or string that is NULL");
  if (value.tag == KNACK_VALUE_LIST) check_list(value, depth);
  if (value.tag == KNACK_VALUE_MAP) check_map(value, depth);
}

/// Frees the tensors of an owned tree that nobody takes, as far as it can be walked.
void release_tensors(const knack_value_t& value, int depth) {
  if (depth >= kDeepestValue || value.as.items == nullptr) return;
  if (value.tag == KNACK_VALUE_TENSOR) take_tensor(value.as.tensor);
  if (value.count >= kMostElements) return;
  if (value.tag == KNACK_VALUE_LIST) {
    for (std::uint64_t i = 0; i < value.count; ++i) release_tensors(value.as.items[i], depth + 1);
  }
  if (value.tag == KNACK_VALUE_MAP) {
    for (std::uint64_t i = 0; i < value.count; ++i) {
      release_tensors(value.as.entries[i].value, depth + 1);
    }
  }
}

/// Reads a checked tree; `read_tensor` makes an at::Tensor of a handle.
template <class ReadTensor>
Value read(const knack_value_t& value, ReadTensor read_tensor) {
  switch (value.tag) {
    case KNACK_VALUE_BOOL:
      return value.as.i64 != 0;
    case KNACK_VALUE_INT:
      return value.as.i64;
    case KNACK_VALUE_FLOAT:
      return value.as.f64;
    case KNACK_VALUE_STRING:
      return value.count == 0 ? std::string() : std::string(value.as.string, value.count);
    case KNACK_VALUE_TENSOR:
      return at::Tensor(read_tensor(value.as.tensor));
    case KNACK_VALUE_LIST: {
      Value::List list;
      list.reserve(value.count);
      for (std::uint64_t i = 0; i < value.count; ++i) {
        list.push_back(read(value.as.items[i], read_tensor));
      }
      return list;
    }
    case KNACK_VALUE_MAP: {
      Value::Map map;
      map.reserve(value.count);
      for (std::uint64_t i = 0; i < value.count; ++i) {
        const knack_named_value_t& entry = value.as.entries[i];
        map.push_back({std::string(view(entry.name)), read(entry.value, read_tensor)});
      }
      return map;
    }
    default:
      return {};
  }
}

const char* copy_text(std::string_view text, std::pmr::memory_resource& memory) {
  if (text.empty()) return nullptr;
  char* copy = static_cast<char*>(memory.allocate(text.size(), 1));
  std::memcpy(copy, text.data(), text.size());
  return copy;
}

/// The node of everything but tensors, lists and maps; texts are not copied.
knack_value_t plain_node(const Value& value) {
  knack_value_t node{};
  if (const auto* boolean = value.get_if<bool>()) {
    node.tag = KNACK_VALUE_BOOL;
    node.as.i64 = *boolean ? 1 : 0;
  } else if (const auto* integer = value.get_if<std::int64_t>()) {
    node.tag = KNACK_VALUE_INT;
    node.as.i64 = *integer;
  } else if (const auto* number = value.get_if<double>()) {
    node.tag = KNACK_VALUE_FLOAT;
    node.as.f64 = *number;
  } else if (const auto* text = value.get_if<std::string>()) {
    node.tag = KNACK_VALUE_STRING;
    node.count = text->size();
    node.as.string = text->data();
  }
  return node;
}

struct Sizes {
  std::size_t items = 0;
  std::size_t entries = 0;
};

void add_sizes(const Value& value, Sizes& sizes) {
  if (const auto* list = value.get_if<Value::List>()) {
    sizes.items += list->size();
    for (const Value& item : *list) add_sizes(item, sizes);
  } else if (const auto* map = value.get_if<Value::Map>()) {
    sizes.entries += map->size();
    for (const NamedValue& entry : *map) add_sizes(entry.value, sizes);
  }
}

}  // namespace

Value Value::take(const knack_value_t& owned) {
  try {
    check(owned, 0);
  } catch (...) {
    release(owned);
    throw;
  }
  return read(owned, take_tensor);
}

void Value::release(const knack_value_t& owned) noexcept {
  release_tensors(owned, 0);
}

Value Value::copy(const knack_value_t& borrowed) {
  check(borrowed, 0);
  return read(borrowed, tensor_of);
}

std::optional<double> Value::number() const {
  if (const auto* integer = get_if<std::int64_t>()) return static_cast<double>(*integer);
  if (const auto* number = get_if<double>()) return *number;
  return std::nullopt;
}

const Value* Value::find(std::string_view name) const {
  const auto* map = get_if<Map>();
  if (map == nullptr) return nullptr;
  for (const NamedValue& entry : *map) {
    if (entry.name == name) return &entry.value;
  }
  return nullptr;
}

knack_value_t give_value(const Value& value, std::pmr::memory_resource& memory) {
  knack_value_t node = plain_node(value);
  if (const auto* text = value.get_if<std::string>()) {
    node.as.string = copy_text(*text, memory);
  } else if (const auto* tensor = value.get_if<at::Tensor>()) {
    node.tag = KNACK_VALUE_TENSOR;
    node.as.tensor = give_tensor(*tensor);
  } else if (const auto* list = value.get_if<Value::List>()) {
    auto* items = static_cast<knack_value_t*>(memory.allocate(list->size() * sizeof(node)));
    for (std::size_t i = 0; i < list->size(); ++i) items[i] = give_value((*list)[i], memory);
    node.tag = KNACK_VALUE_LIST;
    node.count = list->size();
    node.as.items = items;
  } else if (const auto* map = value.get_if<Value::Map>()) {
    auto* entries = static_cast<knack_named_value_t*>(
        memory.allocate(map->size() * sizeof(knack_named_value_t)));
    for (std::size_t i = 0; i < map->size(); ++i) {
      const NamedValue& entry = (*map)[i];
      entries[i].name = {copy_text(entry.name, memory), entry.name.size()};
      entries[i].value = give_value(entry.value, memory);
    }
    node.tag = KNACK_VALUE_MAP;
    node.count = map->size();
    node.as.entries = entries;
  }
  return node;
}

const knack_value_t* BorrowedValue::show(const Value& value) {
  Sizes sizes;
  add_sizes(value, sizes);
  items_.clear();
  entries_.clear();
  // Nodes point into these arrays, so they must not move while they are filled.
  items_.reserve(sizes.items);
  entries_.reserve(sizes.entries);
  root_ = node(value);
  return &root_;
}

knack_value_t BorrowedValue::node(const Value& value) {
  knack_value_t node = plain_node(value);
  if (const auto* tensor = value.get_if<at::Tensor>()) {
    node.tag = KNACK_VALUE_TENSOR;
    node.as.tensor = borrow(*tensor);
  } else if (const auto* list = value.get_if<Value::List>()) {
    node.tag = KNACK_VALUE_LIST;
    node.count = list->size();
    const std::size_t first = items_.size();
    items_.resize(first + list->size());
    node.as.items = items_.data() + first;
    for (std::size_t i = 0; i < list->size(); ++i) items_[first + i] = this->node((*list)[i]);
  } else if (const auto* map = value.get_if<Value::Map>()) {
    node.tag = KNACK_VALUE_MAP;
    node.count = map->size();
    const std::size_t first = entries_.size();
    entries_.resize(first + map->size());
    node.as.entries = entries_.data() + first;
    for (std::size_t i = 0; i < map->size(); ++i) {
      const NamedValue& entry = (*map)[i];
      entries_[first + i] = {lend(entry.name), this->node(entry.value)};
    }
  }
  return node;
}

}  // namespace knack::host

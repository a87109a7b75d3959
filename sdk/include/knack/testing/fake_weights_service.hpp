// SPDX-License-Identifier: MIT
// knack.weights/1 on the sets of a FakeWorld. Part of fake_host.hpp.
#pragma once

#include <knack/testing/fake_services.hpp>

namespace knack::testing::fake {

inline FakeWeightSet& set_of(FakeWorld& world, knack_weight_set_t* handle) {
  for (const auto& set : world.weights.sets()) {
    if (reinterpret_cast<knack_weight_set_t*>(set.get()) == handle) return *set;
  }
  throw Error(KNACK_STATUS_INVALID,
              "weight set: expected one of this fit, found NULL or one of an earlier fit");
}
inline knack_weight_set_t* handle_of(FakeWeightSet& set) {
  return reinterpret_cast<knack_weight_set_t*>(&set);
}

/// The path of a file below the instance's folder. Throws Error for paths that leave it.
inline std::string checked_path(knack_string_t given) {
  const std::string path = text_of(given);
  const std::string slashed = "/" + path + "/";
  if (path.empty() || path.front() == '/' || path.back() == '/' ||
      slashed.find("/../") != std::string::npos) {
    throw Error(KNACK_STATUS_INVALID,
                "path \"" + path + "\": expected a file below the instance's own folder");
  }
  return path;
}

inline std::int32_t find_set(const knack_host_t* host, knack_string_t name,
                             knack_weight_set_t** out) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_WEIGHTS, "find", [&] {
    FakeWeightSet* set = world.weights.find(text_of(name));
    if (set == nullptr) {
      throw Error(KNACK_STATUS_NOT_FOUND, "no weight set is called \"" + text_of(name) + "\"");
    }
    *out = handle_of(*set);
  });
}

inline std::int32_t publish_set(const knack_host_t* host, knack_string_t name,
                                knack_weight_set_t** out) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_WEIGHTS, "publish",
                     [&] { *out = handle_of(world.weights.publish(text_of(name))); });
}

inline std::int64_t count_weights(const knack_host_t* host, knack_weight_set_t* set) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve_count(KNACK_EXT_WEIGHTS, "count", [&] {
    (void)set_of(world, set);
    return static_cast<std::int64_t>(world.weights.size());
  });
}

inline std::int32_t get_weight(const knack_host_t* host, knack_weight_set_t* handle,
                               std::int64_t index, knack_weight_t* out) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_WEIGHTS, "get", [&] {
    FakeWeightSet& set = set_of(world, handle);
    if (index < 0 || static_cast<std::size_t>(index) >= world.weights.size()) {
      throw Error(KNACK_STATUS_INVALID, "weight: there is no weight " + std::to_string(index));
    }
    const auto position = static_cast<std::size_t>(index);
    const FakeWeightStore::Entry entry = world.weights.entry(position);
    knack_weight_t filled{};
    filled.struct_size = sizeof(filled);
    filled.flags = entry.flags;
    filled.name = lend_text(entry.name);
    filled.role = lend_text(entry.role);
    filled.tensor_borrowed = world.weights.tensor(set, position).handle();
    world.fill(out, filled);
  });
}

/// Copies elements; both have the same shape and element type.
inline void copy_elements(const FakeTensor& from, const FakeTensor& to) {
  const FakeTensor copy = from.clone();
  std::memcpy(to.data(), copy.data(),
              static_cast<std::size_t>(copy.numel()) * element_size(copy.dtype));
}

inline std::int32_t copy_set(const knack_host_t* host, knack_weight_set_t* from,
                             knack_weight_set_t* to) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_WEIGHTS, "copy", [&] {
    FakeWeightSet& source = set_of(world, from);
    FakeWeightSet& target = set_of(world, to);
    for (std::size_t i = 0; i < world.weights.size(); ++i) {
      copy_elements(*world.weights.tensor(source, i), *world.weights.tensor(target, i));
    }
  });
}

inline std::int32_t save_set(const knack_host_t* host, knack_weight_set_t* handle,
                             knack_string_t path) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_WEIGHTS, "save", [&] {
    FakeWeightSet& set = set_of(world, handle);
    FakeFile file;
    for (std::size_t i = 0; i < world.weights.size(); ++i) {
      const FakeWeightStore::Entry entry = world.weights.entry(i);
      if ((entry.flags & KNACK_WEIGHT_NOT_PERSISTENT) != 0) continue;
      file.emplace(entry.name, world.weights.tensor(set, i)->clone());
    }
    world.files[checked_path(path)] = std::move(file);
  });
}

inline const FakeFile& file_at(FakeWorld& world, knack_string_t path) {
  const auto found = world.files.find(checked_path(path));
  if (found == world.files.end()) {
    throw Error(KNACK_STATUS_DATA, text_of(path) + ": there is no such file");
  }
  return found->second;
}

inline std::int32_t load_set(const knack_host_t* host, knack_weight_set_t* handle,
                             knack_string_t path) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_WEIGHTS, "load", [&] {
    FakeWeightSet& set = set_of(world, handle);
    const FakeFile& file = file_at(world, path);
    for (std::size_t i = 0; i < world.weights.size(); ++i) {
      const auto found = file.find(std::string(world.weights.entry(i).name));
      if (found != file.end()) copy_elements(found->second, *world.weights.tensor(set, i));
    }
  });
}

inline std::int32_t remove_file(const knack_host_t* host, knack_string_t path) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_WEIGHTS, "remove", [&] {
    (void)file_at(world, path);
    world.files.erase(text_of(path));
  });
}

inline std::int32_t evaluate_set(const knack_host_t* host, knack_weight_set_t* handle,
                                 knack_value_t* out) {
  FakeWorld& world = FakeWorld::of(host);
  return world.serve(KNACK_EXT_WEIGHTS, "evaluate",
                     [&] { *out = world.keep(world.run().evaluate(set_of(world, handle))); });
}

inline const knack_weights_api_t& weights_api() {
  static const knack_weights_api_t api{
      sizeof(knack_weights_api_t),
      0,
      &find_set,
      &publish_set,
      &count_weights,
      &get_weight,
      &copy_set,
      &save_set,
      &load_set,
      &remove_file,
      &evaluate_set,
  };
  return api;
}

}  // namespace knack::testing::fake

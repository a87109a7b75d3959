// SPDX-License-Identifier: MIT
// What a plugin called, what of it fails because a test says so, and how large structs are. Part of
// fake_host.hpp.
#pragma once

#include <knack/sdk/error.hpp>

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstring>
#include <map>
#include <mutex>
#include <stdexcept>
#include <vector>

namespace knack::testing {

/// The functions of ABI 1.0 that a test may make fail, as "extension function".
inline constexpr std::array kServices{
    "knack_host allocate",
    "knack.tensor/1 describe",
    "knack.tensor/1 create",
    "knack.tensor/1 retain",
    "knack.aten/1 find",
    "knack.aten/1 call",
    "knack.weights/1 find",
    "knack.weights/1 publish",
    "knack.weights/1 count",
    "knack.weights/1 get",
    "knack.weights/1 copy",
    "knack.weights/1 save",
    "knack.weights/1 load",
    "knack.weights/1 remove",
    "knack.weights/1 evaluate",
    "knack.params/1 count",
    "knack.params/1 get",
    "knack.params/1 gradient",
    "knack.params/1 set_option",
    "knack.params/1 group_count",
    "knack.params/1 get_group_option",
    "knack.params/1 set_group_option",
    "knack.data/1 train_samples",
    "knack.data/1 pass",
    "knack.norm/1 count",
    "knack.norm/1 get",
    "knack.norm/1 set_momentum",
    "knack.norm/1 observe",
    "knack.metrics/1 report",
    "knack.metrics/1 summarize",
};

/// A value that no pointer, size or number of a struct sensibly has, in every byte.
inline constexpr unsigned char kPoison = 0xa5;

/// SplitMix64: Steele, Lea & Flood, "Fast splittable pseudorandom number generators" (2014).
inline std::uint64_t next_split_mix(std::uint64_t& state) {
  std::uint64_t bits = state += 0x9e3779b97f4a7c15U;
  bits = (bits ^ (bits >> 30)) * 0xbf58476d1ce4e5b9U;
  bits = (bits ^ (bits >> 27)) * 0x94d049bb133111ebU;
  return bits ^ (bits >> 31);
}

class FakeLedger {
 public:
  std::string error;               ///< text of the last failure
  std::uint64_t random_state = 1;  ///< of the plugin's stream of random numbers: its seed
  /// How often each function was called: calls["knack.weights/1 publish"], and each operator:
  /// calls["aten::lerp_.Scalar"].
  std::map<std::string, std::int64_t> calls;

  /// The next call of a host function fails. `extension` is as in get_extension, or "knack_host" for
  /// `allocate`, which then has no memory. Throws std::invalid_argument for a function that does not
  /// exist or returns no status.
  void fail_next(std::string_view extension, std::string_view function,
                 std::int32_t status = KNACK_STATUS_FAILED) {
    faults_[checked_key(extension, function)] = {1, 1, false, status};
  }
  /// Every `n`-th call fails from now on, the next one first if n is 1; 0: no more failures.
  void fail_every(std::string_view extension, std::string_view function, std::int64_t n,
                  std::int32_t status = KNACK_STATUS_FAILED) {
    faults_[checked_key(extension, function)] = {n, n, true, status};
  }
  void stop_failing() {
    faults_.clear();
  }

  /// Structs of this type reach the plugin as a host of another minor gives them: `bytes` long, and
  /// poisoned behind. Works for what the host hands over (knack_hook_context_t,
  /// knack_batch_request_t, ...) and for what it fills in (knack_weight_t, knack_param_t, ...).
  template <typename Struct>
  void set_struct_size(std::uint32_t bytes) {
    struct_sizes_[&kTypeTag<Struct>] = bytes;
  }
  template <typename Struct>
  [[nodiscard]] std::uint32_t struct_size() const {
    const auto found = struct_sizes_.find(&kTypeTag<Struct>);
    return found == struct_sizes_.end() ? static_cast<std::uint32_t>(sizeof(Struct))
                                        : found->second;
  }

  /// Fills a struct of the plugin, as far as both sides know it.
  template <typename Struct>
  void fill(Struct* out, const Struct& filled) const {
    if (out == nullptr || out->struct_size < sizeof(out->struct_size)) {
      throw Error(KNACK_STATUS_INVALID,
                  "expected a struct with its struct_size set by the caller, found none");
    }
    const std::uint32_t room = std::min<std::uint32_t>(out->struct_size, sizeof(Struct));
    const std::uint32_t size = std::min(room, struct_size<Struct>());
    std::memset(static_cast<void*>(out), kPoison, room);
    std::memcpy(static_cast<void*>(out), &filled, size);
    out->struct_size = size;
  }

  std::uint64_t next_random() {
    return next_split_mix(random_state);
  }
  /// In [0, 1).
  double next_uniform() {
    return static_cast<double>(next_random() >> 11) * 0x1p-53;
  }

  /// Runs the body of a host function; what it throws becomes a status and a text.
  template <typename Body>
  std::int32_t serve(const char* extension, const char* function, Body&& body) {
    const std::string key = std::string(extension) + ' ' + function;
    try {
      note(key);
      body();
      return KNACK_STATUS_OK;
    } catch (const Error& failure) {
      return fail(failure.status(), failure.what());
    } catch (const std::bad_alloc&) {
      return fail(KNACK_STATUS_NO_MEMORY, "out of memory");
    } catch (const std::exception& failure) {
      return fail(KNACK_STATUS_FAILED, failure.what());
    }
  }
  /// The same for functions that return a number of things, or -1.
  template <typename Count>
  std::int64_t serve_count(const char* extension, const char* function, Count&& count) {
    std::int64_t result = -1;
    const std::int32_t status = serve(extension, function, [&] { result = count(); });
    return status == KNACK_STATUS_OK ? result : -1;
  }

  /// Memory that lives as long as the host. NULL when a test says so.
  void* allocate(std::uint64_t bytes) {
    void* memory = nullptr;
    serve("knack_host", "allocate", [&] {
      const std::lock_guard lock(mutex_);
      memory = memory_.emplace_back(static_cast<std::size_t>(bytes) + 1).data();
    });
    return memory;
  }

  std::int32_t fail(std::int32_t status, std::string_view text) {
    const std::lock_guard lock(mutex_);
    error = text;
    return status;
  }

  /// Counts a call. Throws Error when it is one that has to fail.
  void note(const std::string& key) {
    const std::lock_guard lock(mutex_);
    ++calls[key];
    const auto found = faults_.find(key);
    if (found == faults_.end() || found->second.period <= 0) return;
    Fault& fault = found->second;
    if (--fault.left > 0) return;
    fault.left = fault.period;
    const std::int32_t status = fault.status;
    if (!fault.repeats) faults_.erase(found);
    throw Error(status, key + ": fails because the test says so");
  }

 private:
  struct Fault {
    std::int64_t left;    // calls until it fails, with that one
    std::int64_t period;  // 0: never
    bool repeats;
    std::int32_t status;
  };

  template <typename Struct>
  inline static const char kTypeTag = 0;

  static std::string checked_key(std::string_view extension, std::string_view function) {
    std::string key = std::string(extension) + ' ' + std::string(function);
    for (const std::string_view known : kServices) {
      if (key == known) return key;
    }
    throw std::invalid_argument("no host function \"" + key + "\" that can fail");
  }

  std::mutex mutex_;
  std::vector<std::vector<std::byte>> memory_;  // `new` aligns each to 16 bytes
  std::map<std::string, Fault> faults_;
  std::map<const void*, std::uint32_t> struct_sizes_;
};

/// A struct that the plugin is given: as long as the ledger says, and poisoned behind.
template <typename Struct>
class LentStruct {
 public:
  LentStruct(const FakeLedger& ledger, const Struct& filled)
      : original_(filled),
        size_(ledger.struct_size<Struct>()),
        bytes_(std::max<std::size_t>(size_, sizeof(Struct)) + kTail),
        memory_(bytes_) {
    std::memset(memory_.data(), kPoison, bytes_);
    std::memcpy(memory_.data(), &filled, known());
    get()->struct_size = size_;
  }

  [[nodiscard]] Struct* get() {
    return reinterpret_cast<Struct*>(memory_.data());
  }
  /// What the plugin made of it; what lies behind its end is as it was.
  [[nodiscard]] Struct read() const {
    Struct result = original_;
    std::memcpy(static_cast<void*>(&result), memory_.data(), known());
    return result;
  }
  /// Throws std::logic_error when the plugin wrote where it does not know what is there.
  void check_tail() const {
    const auto* bytes = reinterpret_cast<const unsigned char*>(memory_.data());
    for (std::size_t i = known(); i < bytes_; ++i) {
      if (bytes[i] != kPoison) {
        throw std::logic_error("the plugin wrote at byte " + std::to_string(i) +
                               " of a struct of which this host has " + std::to_string(size_) +
                               " bytes; test fields with KNACK_HAS first");
      }
    }
  }

 private:
  static constexpr std::size_t kTail = 64;
  [[nodiscard]] std::size_t known() const {
    return std::min<std::size_t>(size_, sizeof(Struct));
  }

  Struct original_;
  std::uint32_t size_;
  std::size_t bytes_;
  std::vector<std::byte> memory_;
};

/// The ledger of the host that was made last, for the tables that are told no host: those of tensors
/// and operators.
class CurrentLedger {
 public:
  static FakeLedger& get() {
    static FakeLedger nobody;
    return slot() == nullptr ? nobody : *slot();
  }
  explicit CurrentLedger(FakeLedger& ledger) : previous_(slot()) {
    slot() = &ledger;
  }
  CurrentLedger(const CurrentLedger&) = delete;
  CurrentLedger& operator=(const CurrentLedger&) = delete;
  ~CurrentLedger() {
    slot() = previous_;
  }

 private:
  static FakeLedger*& slot() {
    static FakeLedger* ledger = nullptr;
    return ledger;
  }

  FakeLedger* previous_;
};

inline FakeLedger& current_ledger() {
  return CurrentLedger::get();
}

}  // namespace knack::testing

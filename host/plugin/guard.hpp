// SPDX-License-Identifier: MIT
// Every call into a plugin goes through here, so that whatever it does becomes one clear Error.
#pragma once

#include <cstdint>
#include <memory>
#include <memory_resource>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "host/common/error.hpp"
#include "host/plugin/instance_context.hpp"
#include "host/plugin/thread_state.hpp"
#include "host/plugin/value.hpp"

namespace knack::host {

/// A call into a plugin that is in progress on this thread; such calls nest. It is what a signal
/// handler may read to say who was running: reading current(), instance() and function() takes no
/// lock and allocates nothing.
///
///     Call call(context, "forward");
///     knack_value_t outputs{};
///     call.run([&] { return model->forward(model, inputs, &outputs); });
///     return call.take(outputs);
class Call {
 public:
  /// `function` is a literal; `code` is the exit code of a failure without a more special one.
  Call(InstanceContext& instance, const char* function, ExitCode code = ExitCode::training) noexcept
      : instance_(instance), function_(function), code_(code), previous_(current_) {
    current_ = this;
    has_error_text_ = false;
  }
  ~Call() {
    current_ = previous_;
  }
  Call(const Call&) = delete;
  Call& operator=(const Call&) = delete;

  /// Calls `function`, which enters the plugin and returns a status. Throws Error when it throws or
  /// returns another status than OK, and in checked mode when it leaves this thread's modes or the
  /// default random stream changed, which are then put back.
  template <class Function>
  void run(Function&& function) {
    if (instance_.services.check_plugins) [[unlikely]]
      watch();
    std::int32_t status;
    try {
      status = std::forward<Function>(function)();
    } catch (...) {
      fail_with_exception();
    }
    if (status != 0) [[unlikely]]
      fail_with_status(status);
    if (watched_) [[unlikely]]
      check_watched();
    if (refusal_ != nullptr) [[unlikely]]
      fail(refusal_);
  }

  /// As run(), for functions that return a number of things: throws also when it is negative.
  template <class Function>
  std::int64_t count(Function&& function) {
    std::int64_t result = 0;
    run([&] {
      result = function();
      return 0;
    });
    if (result < 0) fail_check("a number of 0 or more", std::to_string(result));
    return result;
  }

  /// Takes over what the plugin gave. Throws Error when that is no value tree or no tensor.
  Value take(const knack_value_t& owned);
  at::Tensor take(knack_tensor_t* owned);

  /// As take(), and throws Error unless it is a floating point tensor without dimensions, and one
  /// with a gradient where gradient mode is on.
  at::Tensor take_loss(knack_tensor_t* owned);

  /// Throws Error "PLACE: `text`".
  [[noreturn]] void fail(std::string_view text) const;

  /// Throws Error "PLACE: expected ..., found ...; report this to the plugin's author".
  [[noreturn]] void fail_check(std::string_view expected, std::string_view found) const;

  /// The innermost call of this thread, or nullptr.
  static Call* current() noexcept {
    return current_;
  }
  InstanceContext& instance() const noexcept {
    return instance_;
  }
  const char* function() const noexcept {
    return function_;
  }
  const Call* previous() const noexcept {
    return previous_;
  }

  /// Makes the innermost call of this thread, if any, fail once the plugin returns, whatever it
  /// returns: for services that have no status. `text` is a literal.
  static void refuse_current(const char* text) noexcept {
    if (current_ != nullptr) current_->refusal_ = text;
  }

  /// Memory that lives as long as the innermost call of this thread; nullptr when there is no such
  /// call or no memory.
  static void* allocate(std::uint64_t bytes) noexcept;

  /// The same as a resource, for give_value(). Only while a call is in progress.
  static std::pmr::memory_resource& memory();

 private:
  friend void set_error_text(std::string_view text) noexcept;

  ErrorId id() const;
  void watch();
  void check_watched();
  [[noreturn]] void fail_with_exception();
  [[noreturn]] void fail_with_status(std::int32_t status);

  static constinit thread_local Call* current_;
  static constinit thread_local bool has_error_text_;

  InstanceContext& instance_;
  const char* function_;
  ExitCode code_;
  Call* previous_;
  const char* refusal_ = nullptr;
  std::optional<std::pmr::monotonic_buffer_resource> memory_;
  std::unique_ptr<ThreadState> watched_;
};

/// Keeps the text of a failure on this thread, for the status that follows: what plugins do through
/// `knack_host_t::set_error`, and the host's services before they return a status to a plugin.
/// Without memory for it the text is "out of memory".
void set_error_text(std::string_view text) noexcept;

/// The same for an error of the host's: when the call into the plugin then fails with this text, it
/// has this error's codes, notes and helps.
void set_error(const Error& error) noexcept;

/// The text that was set last on this thread.
const std::string& thread_error_text();

}  // namespace knack::host

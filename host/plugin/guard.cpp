// SPDX-License-Identifier: MIT
#include "host/plugin/guard.hpp"

#include <ATen/core/grad_mode.h>
#include <c10/util/Exception.h>

#include <algorithm>
#include <exception>
#include <new>
#include <stdexcept>
#include <string>

#include "host/plugin/tensor_handle.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kLongestText = 4096;
constexpr std::uint64_t kMostBytes = std::uint64_t{1} << 32;  // of value nodes, not of tensors
constexpr std::size_t kAlignment = 16;
constexpr const char* kReport = "report this to the plugin's author";

std::string& error_text() {
  thread_local std::string text;
  return text;
}

/// The error of the host's that a service reported last on this thread.
std::optional<Error>& service_error() {
  thread_local std::optional<Error> error;
  return error;
}

/// `text` as one line of bounded length.
std::string one_line(std::string_view text);

Diagnostic failure(const InstanceContext& instance, const char* function, std::string_view text,
                   ErrorId id) {
  Diagnostic diagnostic{.id = id};
  diagnostic.place.source = instance.file;
  diagnostic.subject = instance.kind == "trick" ? "tricks[" + instance.name + "]" : instance.name;
  const std::string who = instance.place().substr(instance.file.size() + 2);  // behind "FILE: "
  diagnostic.sentence = who + ", " + function + ": " + one_line(text);
  return diagnostic;
}

std::string one_line(std::string_view text) {
  std::string line(text.substr(0, kLongestText));
  line.erase(line.find_last_not_of(" \t\r\n") + 1);
  std::replace_if(
      line.begin(), line.end(), [](unsigned char c) { return c < 0x20 || c == 0x7f; }, ' ');
  return line;
}

std::string_view kept_text(const Error& error) {
  return std::string_view(error.what()).substr(0, kLongestText);
}

/// An error of the host's that the plugin failed with: its text within `text`, the plugin's, becomes
/// its sentence alone, as its notes and helps have lines of their own.
Error passed_on(const InstanceContext& instance, const char* function, std::string text,
                const Error& cause) {
  std::vector<Diagnostic> problems = cause.diagnostics();
  Diagnostic& first = problems.front();
  const Diagnostic alone{
      .id = first.id, .sentence = first.sentence, .place = first.place, .label = first.label};
  const std::string_view whole = kept_text(cause);
  text.replace(text.find(whole), whole.size(), one_line_text(alone));
  Diagnostic problem = failure(instance, function, text, first.id);
  problem.notes = first.notes;
  problem.helps = first.helps;
  problem.value = first.value;
  first = std::move(problem);
  return {cause.code(), std::move(problems)};
}

std::string quoted(std::string_view text) {
  return "the exception '" + one_line(text) + "'";
}

/// A copy of what the exception in flight says.
std::string describe_current_exception() {
  try {
    throw;
  } catch (const c10::Error& error) {
    return quoted(error.what_without_backtrace());
  } catch (const std::exception& error) {
    return quoted(error.what());
  } catch (...) {
    return "an exception of unknown type";
  }
}

}  // namespace

constinit thread_local Call* Call::current_ = nullptr;
constinit thread_local bool Call::has_error_text_ = false;

void Call::watch() {
  // Models draw from the default stream by right: dropout, initial weights.
  watched_ = std::make_unique<ThreadState>(ThreadState::capture(instance_.kind != "model"));
}

void Call::check_watched() {
  const std::string changes = watched_->restore();
  watched_.reset();
  if (!changes.empty()) fail_check("this thread's state left as it was", changes);
}

Value Call::take(const knack_value_t& owned) {
  try {
    return Value::take(owned);
  } catch (const std::invalid_argument& error) {
    fail_check("a value", error.what());
  }
}

at::Tensor Call::take(knack_tensor_t* owned) {
  if (owned == nullptr) fail_check("a tensor", "NULL");
  at::Tensor tensor = take_tensor(owned);
  if (!tensor.defined()) fail_check("a tensor", "an undefined one");
  return tensor;
}

at::Tensor Call::take_loss(knack_tensor_t* owned) {
  at::Tensor loss = take(owned);
  if (loss.dim() != 0 || !loss.is_floating_point()) {
    fail_check("a floating point loss without dimensions",
               loss.toString() + " with " + std::to_string(loss.dim()) + " dimensions");
  }
  if (at::GradMode::is_enabled() && !loss.requires_grad()) {
    fail_check("a loss that depends on the parameters", "one without gradient");
  }
  return loss;
}

void Call::fail(std::string_view text) const {
  throw Error(code_, {failure(instance_, function_, text, id())});
}

ErrorId Call::id() const {
  if (code_ == ExitCode::data) return "E0501";
  if (code_ == ExitCode::plugin) return "E0410";
  return "E0601";
}

void Call::fail_check(std::string_view expected, std::string_view found) const {
  std::string text = "expected ";
  text.append(expected).append(", found ").append(one_line(found));
  Diagnostic problem = failure(instance_, function_, text, "E0409");
  problem.helps.emplace_back(kReport);
  throw Error(code_, {problem});
}

void Call::fail_with_exception() {
  const std::string found = describe_current_exception();
  if (watched_) watched_->restore();
  fail_check("a status", found);
}

void Call::fail_with_status(std::int32_t status) {
  if (watched_) watched_->restore();
  const std::optional<Error> cause = std::exchange(service_error(), std::nullopt);
  if (!has_error_text_ || error_text().empty()) {
    fail_check("a text with status " + std::to_string(status), "none");
  }
  if (status == KNACK_STATUS_DATA) code_ = ExitCode::data;
  if (status == KNACK_STATUS_INVALID && error_text().starts_with("option \"")) {
    throw Error(failure(instance_, function_, error_text(), "E0315"));
  }
  if (cause && error_text().find(kept_text(*cause)) != std::string::npos) {
    throw passed_on(instance_, function_, error_text(), *cause);
  }
  fail(error_text());
}

void* Call::allocate(std::uint64_t bytes) noexcept {
  if (current_ == nullptr || bytes > kMostBytes) return nullptr;
  try {
    return memory().allocate(bytes, kAlignment);
  } catch (...) {
    return nullptr;
  }
}

std::pmr::memory_resource& Call::memory() {
  if (!current_->memory_) current_->memory_.emplace();
  return *current_->memory_;
}

void set_error_text(std::string_view text) noexcept {
  try {
    error_text().assign(text.substr(0, kLongestText));
  } catch (const std::bad_alloc&) {
    error_text().assign("out of memory");  // so short a text needs none
  }
  Call::has_error_text_ = true;
}

void set_error(const Error& error) noexcept {
  set_error_text(error.what());
  service_error() = error;
}

const std::string& thread_error_text() {
  return error_text();
}

}  // namespace knack::host

// SPDX-License-Identifier: MIT
#include "host/validate/attempt.hpp"

#include <c10/util/Exception.h>
#include <sys/mman.h>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <exception>
#include <new>
#include <thread>

#include "host/validate/child_process.hpp"

namespace knack::host {
namespace {

constexpr std::size_t kLongestNote = 4000;
constexpr std::chrono::minutes kLongestAttempt{10};  // the check's own limit comes first

/// Memory that a child shares with its parent.
char* shared_note() {
  static char* note = [] {
    void* mapped = ::mmap(nullptr, kLongestNote + 1, PROT_READ | PROT_WRITE,
                          MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (mapped == MAP_FAILED) throw std::bad_alloc();
    return static_cast<char*>(mapped);
  }();
  return note;
}

std::string problem_of(const ChildEnd& end) {
  std::string text = end.signal != 0
                         ? crash_text(end)
                         : "the process ended with exit code " + std::to_string(end.exit_code);
  if (shared_note()[0] != '\0') text += "; tried: " + std::string(shared_note());
  return text;
}

}  // namespace

std::string text_of_current_exception() {
  try {
    throw;
  } catch (const c10::Error& error) {
    return error.what_without_backtrace();
  } catch (const std::exception& error) {
    return error.what();
  } catch (...) {
    return "something that is no std::exception was thrown";
  }
}

void note_try(std::string_view what) {
  const std::size_t size = std::min(what.size(), kLongestNote);
  std::copy_n(what.data(), size, shared_note());
  shared_note()[size] = '\0';
}

Ending attempt(const std::function<std::string()>& work) {
  note_try("");
  ChildProcess child(
      [&]() noexcept -> std::string {
        try {
          std::string answer = work();
          answer.insert(answer.begin(), '+');
          return answer;
        } catch (...) {
          std::string problem = text_of_current_exception();
          problem.insert(problem.begin(), '-');
          return problem;
        }
      },
      {kLongestAttempt});
  while (!child.has_ended()) std::this_thread::sleep_for(std::chrono::milliseconds(1));
  const std::string& result = child.end().result;
  if (result.empty()) return {{}, problem_of(child.end()), true};
  if (result.front() == '+') return {result.substr(1), {}};
  return {{}, result.substr(1)};
}

}  // namespace knack::host

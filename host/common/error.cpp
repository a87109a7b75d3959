// SPDX-License-Identifier: MIT
#include "host/common/error.hpp"

namespace knack::host {
namespace {

Diagnostic in_file(ErrorId id, const std::filesystem::path& file, const std::string& message) {
  Diagnostic diagnostic = diagnostic_of(id, message);
  diagnostic.place.source = file.string();
  return diagnostic;
}

std::string text_of(const std::vector<Diagnostic>& diagnostics) {
  std::string text;
  for (const Diagnostic& each : diagnostics)
    text += (text.empty() ? "" : "\n") + one_line_text(each);
  return text;
}

}  // namespace

ExitCode exit_code_of(ErrorId id) {
  switch (id.area()) {
    case '1':
      return ExitCode::usage;
    case '2':
    case '3':
      return ExitCode::recipe;
    case '4':
      return ExitCode::plugin;
    case '5':
      return ExitCode::data;
    case '6':
      return ExitCode::training;
    default:
      return ExitCode::unexpected;
  }
}

Error::Error(ExitCode code, const std::string& text, std::vector<Diagnostic> diagnostics)
    : std::runtime_error(text),
      code_(code),
      diagnostics_(std::make_shared<const std::vector<Diagnostic>>(std::move(diagnostics))) {}

Error::Error(ErrorId id, const std::string& message)
    : Error(exit_code_of(id), message, {diagnostic_of(id, message)}) {}

Error::Error(ErrorId id, const std::filesystem::path& file, const std::string& message)
    : Error(exit_code_of(id), file.string() + ": " + message, {in_file(id, file, message)}) {}

Error::Error(Diagnostic diagnostic)
    : Error(exit_code_of(diagnostic.id), std::vector<Diagnostic>{std::move(diagnostic)}) {}

Error::Error(ExitCode code, std::vector<Diagnostic> diagnostics)
    : Error(code, text_of(diagnostics), diagnostics) {}

}  // namespace knack::host

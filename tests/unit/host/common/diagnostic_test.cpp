// SPDX-License-Identifier: MIT
#include "host/common/diagnostic.hpp"

#include <gtest/gtest.h>

namespace knack::host {
namespace {

Diagnostic diagnostic_in(const std::string& text, const TextPosition& position) {
  Diagnostic diagnostic{.id = "E0312", .sentence = "it is wrong"};
  diagnostic.place = SourceText(text).place("r.json", position);
  diagnostic.label = "expected another";
  return diagnostic;
}

std::string rendered(const Diagnostic& diagnostic, bool use_color = false) {
  return render(std::span(&diagnostic, 1), use_color);
}

TEST(RenderDiagnostic, ShowsTheLineAndMarksThePlace) {
  Diagnostic diagnostic = diagnostic_in("{\n  \"a\": \"x\"\n}", {2, 8});
  diagnostic.notes = {"a note\nof two lines"};
  diagnostic.helps = {"do this", "or that"};
  EXPECT_EQ(rendered(diagnostic),
            "error[E0312]: it is wrong\n"
            "  --> r.json:2:8\n"
            "   |\n"
            " 2 |   \"a\": \"x\"\n"
            "   |        ^^^ expected another\n"
            "   |\n"
            "   = note: a note\n"
            "           of two lines\n"
            "   = help: do this\n"
            "   = help: or that\n"
            "\n1 error; `knack help E0312` explains it\n");
}

TEST(RenderDiagnostic, PutsTheMarkUnderWideAndCombiningCharactersAndTabs) {
  const std::string text =
      rendered(diagnostic_in("\t\"\xE6\x97\xA5\xE6\x9C\xAC\", \"e\xCC\x81\": 1", {1, 14}));
  EXPECT_NE(text.find("\n 1 |     \"\xE6\x97\xA5\xE6\x9C\xAC\", \"e\xCC\x81\": 1\n"
                      "   |                  ^ expected another\n"),
            text.npos)
      << text;
}

TEST(RenderDiagnostic, ShowsNoControlCharacters) {
  Diagnostic diagnostic = diagnostic_in("\"\x1b[31m\": \xFF 1", {1, 11});
  diagnostic.sentence = "wrong \x1b[2J\r";
  diagnostic.place.source = "a\nb";
  const std::string text = rendered(diagnostic);
  EXPECT_EQ(text.find_first_of("\x1b\r\xFF"), text.npos);
  EXPECT_NE(text.find("--> a b:1:11\n"), text.npos) << text;
}

TEST(RenderDiagnostic, MakesRoomForTheNumberOfTheLine) {
  const std::string text = rendered(diagnostic_in(std::string(12344, '\n') + "1", {12345, 1}));
  EXPECT_NE(text.find("\n     --> r.json:12345:1\n      |\n12345 | 1\n      | ^ expected"),
            text.npos)
      << text;
}

TEST(RenderDiagnostic, TellsOfAPlaceWithoutText) {
  Diagnostic diagnostic{.id = "E0504", .sentence = "it is wrong"};
  diagnostic.place.source = "runs/x";
  diagnostic.label = "expected another";
  EXPECT_EQ(rendered(diagnostic),
            "error[E0504]: it is wrong\n"
            "  --> runs/x\n"
            "   = note: expected another\n"
            "\n1 error; `knack help E0504` explains it\n");
}

TEST(RenderDiagnostic, CountsErrors) {
  const auto last_line = [](const std::vector<Diagnostic>& diagnostics) {
    const std::string text = render(diagnostics, false);
    return text.substr(text.rfind("\n\n") + 2);
  };
  const Diagnostic a{.id = "E0310", .sentence = "a"};
  const Diagnostic b{.id = "E0311", .sentence = "b"};
  EXPECT_EQ(last_line({a, a}), "2 errors; `knack help E0310` explains them\n");
  EXPECT_EQ(last_line({a, b, a}), "3 errors; `knack help CODE` explains each\n");
}

TEST(RenderDiagnostic, HasColorsOnlyWhenAsked) {
  const Diagnostic diagnostic = diagnostic_in("1", {1, 1});
  EXPECT_EQ(rendered(diagnostic).find('\x1b'), std::string::npos);
  EXPECT_TRUE(rendered(diagnostic, true).starts_with("\x1b[1;31merror[E0312]\x1b[0m"));
}

TEST(DiagnosticOfAMessage, TellsSentenceNoteNextStepAndFurtherLinesApart) {
  const Diagnostic diagnostic = diagnostic_of("E0507", "a: b; c; d; e\nf\ng");
  EXPECT_EQ(diagnostic.sentence, "a: b");
  EXPECT_EQ(diagnostic.notes, (std::vector<std::string>{"c; d", "f\ng"}));
  EXPECT_EQ(diagnostic.helps, std::vector<std::string>{"e"});
  EXPECT_EQ(one_line_text(diagnostic_of("E0507", "a; b; c")), "a; b; c");
}

TEST(DiagnosticOfAMessage, DoesNotDivideWhatAUserWrote) {
  const Diagnostic diagnostic = diagnostic_of("E0503", "`a; b.csv`: is there; remove `c; d`");
  EXPECT_EQ(diagnostic.sentence, "`a; b.csv`: is there");
  EXPECT_TRUE(diagnostic.notes.empty());
  EXPECT_EQ(diagnostic.helps, std::vector<std::string>{"remove `c; d`"});
  EXPECT_TRUE(diagnostic_of("E0503", "`a; b.csv`: is there").helps.empty());
}

}  // namespace
}  // namespace knack::host

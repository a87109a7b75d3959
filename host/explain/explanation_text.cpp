// SPDX-License-Identifier: MIT
#include "host/explain/explanation_text.hpp"

#include <algorithm>
#include <set>

#include "host/common/join.hpp"
#include "host/common/shape_text.hpp"
#include "host/explain/recipe_text.hpp"
#include "host/explain/trick_text.hpp"
#include "host/ui/color.hpp"
#include "host/ui/quantity_text.hpp"
#include "host/ui/table.hpp"

namespace knack::host {
namespace {

using Rows = std::vector<std::vector<std::string>>;

constexpr std::size_t kWidth = 100;
constexpr std::size_t kMostListed = 30;  // parameters that are listed without being asked

std::string set_text(const SetOption& set) {
  return set.option + " = " + short_number_text(set.value) + " (" + set.trick + ": " + set.reason +
         ")";
}

class ExplanationText {
 public:
  ExplanationText(const Explanation& told, const TextStyle& style) : told_(told), style_(style) {}

  std::string all() {
    if (!told_.description.empty()) line(told_.description);
    heading("Recipe, with the origin of every value");
    for (const std::string& text : recipe_lines(told_.resolved, told_.values, style_.use_color)) {
      line(text);
    }
    if (told_.is_complete) {
      numbers();
      memory();
      hooks();
    }
    conflicts();
    if (told_.is_complete) {
      groups();
      sets();
      tricks();
    }
    return std::move(text_);
  }

 private:
  void line(const std::string& text) {
    text_ += text + "\n";
  }

  void heading(const std::string& text) {
    text_ += "\n" + painted(text, Paint::bold, style_.use_color) + "\n" +
             std::string(text.size(), '-') + "\n";
  }

  void table(const Rows& rows, std::size_t left_aligned) {
    for (const std::string& text : table_lines(rows, left_aligned)) line(text);
  }

  void numbers() {
    heading("Numbers");
    const RunNumbers& n = told_.numbers;
    Rows rows = {
        {"effective batch", count_text(n.effective_batch) + " samples", window_text()},
        {"samples of an epoch", count_text(n.samples_per_epoch),
         "of " + count_text(n.train_samples)},
        {"micro-batches of an epoch", count_text(n.micro_batches_per_epoch), ""},
        {"steps of an epoch", count_text(n.steps_per_epoch),
         "the last with " + count_text(n.last_step_samples) + " samples"},
        {"steps in all", count_text(n.total_steps),
         "in " + count_text(n.epochs) + (n.epochs == 1 ? " epoch" : " epochs")},
        {"evaluation of an epoch",
         count_text(n.evaluated_sets * n.valid_batches) +
             (n.evaluated_sets * n.valid_batches == 1 ? " batch" : " batches"),
         count_text(n.evaluated_sets) + " weight set" + (n.evaluated_sets == 1 ? "" : "s") + " x " +
             count_text(n.valid_batches) + " of " + count_text(n.valid_samples) + " samples"},
        {"trained parameters", count_text(n.trained), ""},
        {"frozen parameters", count_text(n.frozen), ""},
        {"elements of buffers", count_text(n.buffers), ""}};
    if (told_.flops) add_flops(rows);
    table(rows, rows.front().size());
    for (const std::string& note : told_.notes) line("note: " + note);
  }

  std::string window_text() const {
    const RunNumbers& n = told_.numbers;
    const std::string micro_batches =
        count_text(n.window) + (n.window == 1 ? " micro-batch" : " micro-batches");
    std::string text = count_text(n.batch_size) + " x " + micro_batches + " of a step";
    if (n.effective_batch < n.batch_size * n.window) {
      text = "the whole epoch, " + micro_batches;
    }
    if (n.window_asker.empty()) return text;
    if (n.window_asked == n.window) return text + ", as " + n.window_asker + " asks";
    return text + "; " + n.window_asker + " asks for " + count_text(n.window_asked);
  }

  void add_flops(Rows& rows) const {
    const FlopNumbers& flops = *told_.flops;
    std::string uncounted = "convolutions, matrix products, attention; a multiply-add is 2";
    if (!flops.uncounted.empty()) uncounted += "; without " + join(flops.uncounted);
    rows.push_back({"forward of a sample", flops_text(flops.forward), uncounted});
    rows.push_back({"backward of a sample", flops_text(flops.backward), ""});
    rows.push_back({"a training step", flops_text(flops.step), "the largest, without tricks"});
  }

  void memory() {
    if (told_.memory.empty()) return;
    heading("Memory, estimated");
    Rows rows;
    for (const MemoryItem& item : told_.memory) {
      rows.push_back({item.name, bytes_text(item.bytes), item.how});
    }
    table(rows, rows.front().size());
  }

  void hooks() {
    heading("Who acts when");
    Rows matrix = {{"hook"}};
    for (const TrickFacts& trick : told_.tricks) matrix.front().push_back(trick.name);
    Rows list = {{"hook", "tricks, in order"}};
    for (const HookRow& row : told_.hooks) {
      if (row.tricks.empty()) continue;
      list.push_back({row.hook, join(row.tricks)});
      std::vector<std::string>& cells = matrix.emplace_back();
      cells.push_back(row.hook + (row.is_reversed ? " (reverse)" : ""));
      for (const TrickFacts& trick : told_.tricks) {
        const auto found = std::find(row.tricks.begin(), row.tricks.end(), trick.name);
        cells.push_back(found == row.tricks.end() ? "."
                                                  : std::to_string(found - row.tricks.begin() + 1));
      }
    }
    const std::vector<std::string> lines = table_lines(matrix);
    const bool fits = std::all_of(lines.begin(), lines.end(),
                                  [](const std::string& text) { return text.size() <= kWidth; });
    if (told_.tricks.empty()) {
      line("no tricks");
    } else if (fits) {
      for (const std::string& text : lines) line(text);
    } else {
      table(list, 2);
    }
    for (const MovedTrick& moved : told_.moved) {
      line(moved.first + " acts before " + moved.second +
           ", although the recipe has it later: " + moved.because);
    }
  }

  void conflicts() {
    heading("Conflicts");
    if (told_.conflicts.empty()) line("none found");
    for (const Conflict& conflict : told_.conflicts) {
      const bool is_error = conflict.severity == Conflict::Severity::error;
      const std::string severity = painted(is_error ? "error" : "warning",
                                           is_error ? Paint::red : Paint::yellow, style_.use_color);
      line(severity + " (" + conflict.stage + "): " + conflict.message);
    }
  }

  void groups() {
    heading("Parameter groups");
    std::set<std::string> options;
    for (const GroupFacts& group : told_.groups) {
      for (const auto& [option, value] : group.options) options.insert(option);
    }
    Rows rows = {{"group", "parameters", "elements"}};
    rows.front().insert(rows.front().end(), options.begin(), options.end());
    std::size_t parameters = told_.frozen.size();
    for (std::size_t i = 0; i < told_.groups.size(); ++i) {
      const GroupFacts& group = told_.groups[i];
      parameters += group.parameters.size();
      std::vector<std::string>& cells = rows.emplace_back();
      cells = {std::to_string(i), std::to_string(group.parameters.size()),
               count_text(group.elements)};
      for (const std::string& option : options) {
        const auto value = group.options.find(option);
        cells.push_back(value == group.options.end() ? "-" : short_number_text(value->second));
      }
    }
    table(rows, 1);
    for (std::size_t i = 0; i < told_.groups.size(); ++i) reasons(i, told_.groups[i]);
    if (style_.is_full || parameters <= kMostListed) {
      line("");
      list_parameters();
    } else {
      line("--full lists all " + std::to_string(parameters) + " parameters");
    }
  }

  void reasons(std::size_t number, const GroupFacts& group) {
    std::map<std::string, std::int64_t> parameters;
    for (const ParameterFacts& parameter : group.parameters) {
      for (const SetOption& set : parameter.set) ++parameters[set_text(set)];
    }
    for (const auto& [reason, count] : parameters) {
      line("group " + std::to_string(number) + ": " + reason + " of " + std::to_string(count) +
           (count == 1 ? " parameter" : " parameters"));
    }
  }

  void list_parameters() {
    Rows rows = {{"parameter", "shape", "role", "layer", "group", "set by tricks"}};
    const auto add = [&](const ParameterFacts& parameter, const std::string& group) {
      std::string set;
      for (const SetOption& option : parameter.set) {
        set += (set.empty() ? "" : "; ") + set_text(option);
      }
      rows.push_back({parameter.name, shape_text(parameter.shape), parameter.role, parameter.layer,
                      group, set.empty() ? "-" : set});
    };
    for (std::size_t i = 0; i < told_.groups.size(); ++i) {
      for (const ParameterFacts& parameter : told_.groups[i].parameters) {
        add(parameter, std::to_string(i));
      }
    }
    for (const ParameterFacts& parameter : told_.frozen) add(parameter, "frozen");
    table(rows, rows.front().size());
  }

  void sets() {
    heading("Weight sets");
    Rows rows = {{"name", "published by", "when"}};
    for (const SetFacts& set : told_.sets) {
      rows.push_back({set.name, set.publisher.empty() ? "the host" : set.publisher, set.when});
    }
    table(rows, 3);
  }

  void tricks() {
    if (told_.tricks.empty()) return;
    heading("Tricks, in the order in which they act");
    for (const TrickFacts& trick : told_.tricks) {
      for (const std::string& text : trick_lines(trick, style_.use_color)) line(text);
    }
    if (told_.last_run) {
      line("last run: " + told_.last_run->folder + ", " + duration_text(told_.last_run->seconds));
    } else {
      line("no finished run of this name and model below `" +
           told_.resolved["trainer"]["run_root"].get<std::string>() +
           "`, so nothing is known of the tricks' cost");
    }
  }

  const Explanation& told_;
  const TextStyle style_;
  std::string text_;
};

}  // namespace

std::string to_text(const Explanation& explanation, const TextStyle& style) {
  return ExplanationText(explanation, style).all();
}

}  // namespace knack::host

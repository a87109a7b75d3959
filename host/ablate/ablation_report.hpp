// SPDX-License-Identifier: MIT
// The results of an ablation, for people and for programs.
#pragma once

#include <string>
#include <vector>

#include "host/ablate/ablation.hpp"

namespace knack::host {

/// Rows of cells, the first of them the heading.
using TableRows = std::vector<std::vector<std::string>>;

/// A row for each condition that others are compared to, followed by those comparisons.
TableRows result_rows(const Ablation& ablation);

/// What each trick takes of the time of a training.
TableRows time_rows(const Ablation& ablation);

/// How the rows are to be read, a sentence a line.
std::vector<std::string> reading_notes(const Ablation& ablation);

/// ablation.json
Json ablation_json(const Ablation& ablation);

/// ablation.md: both tables and the notes.
std::string ablation_markdown(const Ablation& ablation);

}  // namespace knack::host

// SPDX-License-Identifier: MIT
// Text and numbers as they stand in a page.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

namespace knack::host::html {

/// Text for an element or a quoted attribute. What is no UTF-8 and control characters other than
/// line ends and tabs become U+FFFD.
std::string escaped(std::string_view text);

/// A name that somebody chose, apart from the direction of the text around it.
std::string name(std::string_view text);

/// A number as JSON with every bit; "null" for NaN and infinities.
std::string exact(double value);

/// A number for people: four decimals, or four digits where these would show too little; a dash
/// for NaN. Whole numbers stay whole.
std::string rounded(double value);

/// The same with four decimals for whole numbers too, so that those of a column compare.
std::string measured(double value);

/// measured() with exact() as its title and value.
std::string number(double value);

/// The same with no more decimals than measured(beside) has: a deviation beside its mean.
std::string number(double value, double beside);

/// 24000 as "24 000", with narrow spaces.
std::string grouped(double whole);

/// Seconds as "9.3 s", "2:05 min" or "1:02:05 h".
std::string duration(double seconds);

/// 0.123 as "12.3 %".
std::string percent(double share);

/// Cells of a table: a measured number, and one that counts something.
std::string number_cell(double value);
std::string count_cell(double value);

/// A table that scrolls sideways where the page is narrower, under its caption, which does not. Both
/// are HTML.
std::string captioned(const std::string& caption, const std::string& table);

/// A member of an object; null when there is none, or `json` is no object.
const nlohmann::ordered_json& member(const nlohmann::ordered_json& json, std::string_view key);

/// The string of a member; empty when it is none.
std::string string_of(const nlohmann::ordered_json& json, std::string_view key);

/// The number of a member; NaN when it is none.
double number_of(const nlohmann::ordered_json& json, std::string_view key);

}  // namespace knack::host::html

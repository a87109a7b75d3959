// SPDX-License-Identifier: MIT
#include "host/report/html/metric_streams.hpp"

#include <algorithm>
#include <cmath>
#include <fstream>
#include <limits>
#include <nlohmann/json.hpp>

namespace knack::host {
namespace {

constexpr double kNone = std::numeric_limits<double>::quiet_NaN();
constexpr std::size_t kMostStreams = 64;
constexpr std::size_t kMostColumns = 128;
constexpr std::size_t kLongestName = 128;
constexpr std::size_t kLongestLine = 1u << 20;
constexpr std::uint32_t kMostRows = std::numeric_limits<std::uint32_t>::max();

/// One line as it is read: no tree is built, since a run may have millions of them.
class Record : public nlohmann::json_sax<nlohmann::json> {
 public:
  bool read(std::string_view line) {
    depth_ = 0;
    split.clear();
    weights.clear();
    is_final = false;
    step = epoch = kNone;
    numbers.clear();
    return nlohmann::json::sax_parse(line.begin(), line.end(), this) && !split.empty() &&
           !weights.empty() && step >= 0;
  }

  std::string split;
  std::string weights;
  bool is_final = false;
  double step = kNone;
  double epoch = kNone;
  std::vector<std::pair<std::string, double>> numbers;

  bool null() override {
    return number(kNone);
  }
  bool boolean(bool value) override {
    if (depth_ == 1 && key_ == "final") is_final = value;
    return true;
  }
  bool number_integer(number_integer_t value) override {
    return number(static_cast<double>(value));
  }
  bool number_unsigned(number_unsigned_t value) override {
    return number(static_cast<double>(value));
  }
  bool number_float(number_float_t value, const string_t&) override {
    return number(value);
  }
  bool string(string_t& value) override {
    if (depth_ != 1 || value.size() > kLongestName) return depth_ > 0;
    if (key_ == "split") split = value;
    if (key_ == "weights") weights = value;
    return true;
  }
  bool binary(binary_t&) override {
    return false;
  }
  bool start_object(std::size_t) override {
    ++depth_;
    return true;
  }
  bool key(string_t& value) override {
    if (depth_ == 1) key_ = value;
    return true;
  }
  bool end_object() override {
    --depth_;
    return true;
  }
  bool start_array(std::size_t) override {
    return depth_++ > 0;
  }
  bool end_array() override {
    --depth_;
    return true;
  }
  bool parse_error(std::size_t, const std::string&, const nlohmann::json::exception&) override {
    return false;
  }

 private:
  bool number(double value) {
    if (depth_ != 1) return depth_ > 0;
    if (key_ == "step") {
      step = value;
    } else if (key_ == "epoch") {
      epoch = value;
    } else if (key_ != "samples" && key_.size() <= kLongestName) {
      numbers.emplace_back(key_, value);
    }
    return true;
  }

  int depth_ = 0;
  std::string key_;
};

class Collector {
 public:
  void add(const Record& record) {
    MetricStream* stream = stream_of(record);
    if (stream == nullptr || stream->step.size() == kMostRows) {
      ++result_.left_out;
      return;
    }
    ++result_.records;
    const auto row = static_cast<std::uint32_t>(stream->step.size());
    stream->step.push_back(record.step);
    stream->epoch.push_back(record.epoch);
    for (std::size_t i = 0; i < record.numbers.size(); ++i) {
      MetricColumn* column = column_of(*stream, record.numbers[i].first, i);
      if (column == nullptr || (!column->row.empty() && column->row.back() == row)) {
        ++result_.left_out;
        continue;
      }
      column->row.push_back(row);
      column->value.push_back(record.numbers[i].second);
    }
  }

  void refuse() {
    ++result_.refused;
  }
  MetricStreams take() {
    return std::move(result_);
  }

 private:
  MetricStream* stream_of(const Record& record) {
    auto& streams = result_.streams;
    const auto found = std::find_if(streams.begin(), streams.end(), [&](const MetricStream& each) {
      return each.is_final == record.is_final && each.split == record.split &&
             each.weights == record.weights;
    });
    if (found != streams.end()) return &*found;
    if (streams.size() == kMostStreams) return nullptr;
    MetricStream stream;
    stream.split = record.split;
    stream.weights = record.weights;
    stream.is_final = record.is_final;
    return &streams.emplace_back(std::move(stream));
  }

  /// Records of one stream mostly have the same numbers in the same order.
  static MetricColumn* column_of(MetricStream& stream, const std::string& metric,
                                 std::size_t guess) {
    auto& columns = stream.columns;
    if (guess < columns.size() && columns[guess].metric == metric) return &columns[guess];
    const auto found = std::find_if(columns.begin(), columns.end(), [&](const MetricColumn& each) {
      return each.metric == metric;
    });
    if (found != columns.end()) return &*found;
    if (columns.size() == kMostColumns) return nullptr;
    columns.push_back({metric, {}, {}});
    return &columns.back();
  }

  MetricStreams result_;
};

}  // namespace

const MetricColumn* MetricStream::column(std::string_view metric) const {
  const auto found = std::find_if(columns.begin(), columns.end(),
                                  [&](const MetricColumn& each) { return each.metric == metric; });
  return found == columns.end() ? nullptr : &*found;
}

const MetricStream* MetricStreams::find(std::string_view split, std::string_view weights,
                                        bool is_final) const {
  const auto found = std::find_if(streams.begin(), streams.end(), [&](const MetricStream& each) {
    return each.is_final == is_final && each.split == split && each.weights == weights;
  });
  return found == streams.end() ? nullptr : &*found;
}

MetricStreams read_metric_streams(const std::filesystem::path& file) {
  Collector collector;
  Record record;
  std::ifstream input(file, std::ios::binary);
  std::vector<char> buffer(kLongestLine + 1);
  while (input.getline(buffer.data(), static_cast<std::streamsize>(buffer.size())) ||
         input.gcount() > 0) {
    if (input.fail()) {  // longer than any record
      input.clear();
      input.ignore(std::numeric_limits<std::streamsize>::max(), '\n');
      collector.refuse();
      continue;
    }
    const bool is_whole = !input.eof();
    const auto size = static_cast<std::size_t>(input.gcount()) - (is_whole ? 1 : 0);
    if (record.read({buffer.data(), size})) {
      collector.add(record);
    } else if (is_whole && size > 0) {
      collector.refuse();
    }
  }
  return collector.take();
}

}  // namespace knack::host

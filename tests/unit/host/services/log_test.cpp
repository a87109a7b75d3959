// SPDX-License-Identifier: MIT
#include "host/services/log_sink.hpp"

#include <knack/abi/ext/log.h>

#include <stdexcept>
#include <vector>

#include "tests/unit/host/services/service_test.hpp"

namespace knack::host {
namespace {

struct Lines : LogSink {
  void write(std::string_view instance, std::uint32_t level, std::string_view message) override {
    if (message == "fail") throw std::runtime_error("disk full");
    lines.push_back(std::string(instance) + " " + std::to_string(level) + " " +
                    std::string(message));
  }
  std::vector<std::string> lines;
};

using Log = knack::testing::ServiceTest;

TEST_F(Log, PutsTheInstancesNameToItsLines) {
  const auto* log = table<knack_log_api_t>(register_log, KNACK_EXT_LOG);
  Lines sink;
  services.log = &sink;
  log->write(&context.table, KNACK_LOG_INFO, {"decay 0.999", 11});
  log->write(&context.table, 99, {"above all levels", 16});
  EXPECT_EQ(sink.lines, (std::vector<std::string>{"ema 1 decay 0.999", "ema 2 above all levels"}));
}

TEST_F(Log, NeverFailsThePlugin) {
  const auto* log = table<knack_log_api_t>(register_log, KNACK_EXT_LOG);
  log->write(&context.table, KNACK_LOG_INFO, {"nobody listens", 14});
  Lines sink;
  services.log = &sink;
  log->write(&context.table, KNACK_LOG_INFO, {"fail", 4});
  log->write(&context.table, KNACK_LOG_INFO, {nullptr, 4});
  EXPECT_TRUE(sink.lines.empty());
}

}  // namespace
}  // namespace knack::host

// SPDX-License-Identifier: MIT
#include "host/train/param_options.hpp"

#include <algorithm>

#include "host/common/error.hpp"

namespace knack::host {

ParamOptions::ParamOptions(const std::vector<ModelTensor>& parameters)
    : parameters_(parameters), options_(parameters.size()) {}

void ParamOptions::set(const std::string& setter, std::size_t parameter, std::string_view option,
                       double value, std::string_view reason) {
  const std::string& name = parameters_.at(parameter).name;
  if (closed_) {
    throw Error("E0601", "option `" + std::string(option) + "` of parameter `" + name +
                             "`: set by `" + setter +
                             "` after fit_begin, when the groups were already made");
  }
  ParamOption wanted{value, setter, std::string(reason)};
  const auto [found, is_new] = options_[parameter].try_emplace(std::string(option), wanted);
  if (!is_new && found->second.setter != setter && found->second.value != value) {
    throw Error("E0319", "option `" + std::string(option) + "` of parameter `" + name + "`: `" +
                             found->second.setter + "` sets " +
                             std::to_string(found->second.value) + " and `" + setter + "` sets " +
                             std::to_string(value) +
                             "; exclude the parameter from one of the two tricks");
  }
  found->second = std::move(wanted);
}

std::vector<OptionGroup> ParamOptions::make_groups() {
  closed_ = true;
  std::vector<OptionGroup> groups;
  for (std::size_t i = 0; i < parameters_.size(); ++i) {
    if (!parameters_[i].tensor.requires_grad()) continue;
    std::map<std::string, double> options;
    for (const auto& [name, option] : options_[i]) options.emplace(name, option.value);
    auto group = std::find_if(groups.begin(), groups.end(),
                              [&](const OptionGroup& known) { return known.options == options; });
    if (group == groups.end()) {
      group = groups.insert(groups.end(), OptionGroup{std::move(options), {}});
    }
    group->parameters.push_back(i);
  }
  return groups;
}

}  // namespace knack::host

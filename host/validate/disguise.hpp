// SPDX-License-Identifier: MIT
// The hosts that a plugin is shown while it is put to the test, and what is seen of it meanwhile.
#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "host/plugin/host_disguise.hpp"
#include "host/validate/check.hpp"
#include "host/validate/loan.hpp"

namespace knack::host {

/// The host's table, with room for a tail.
struct HostTable {
  static constexpr std::size_t kLongestTail = 256;

  knack_host_t table;
  std::byte tail[kLongestTail];
};

/// While it lives this process is a host of the given kind to the subject, and the same as ever to
/// other plugins. Made before the subject is loaded; what may be set is set before that, too.
class Disguise final : public HostDisguise {
 public:
  explicit Disguise(const Subject& subject);
  ~Disguise() override;
  Disguise(const Disguise&) = delete;
  Disguise& operator=(const Disguise&) = delete;

  /// An older or newer minor than this host's: an older one lacks the extensions that came later.
  std::optional<std::uint32_t> minor;

  /// What calls lend, and how long the tables of the host are.
  LoanTerms terms;

  /// Around each call into the subject, `create` and `destroy` included.
  using OnCall = std::function<void(const InstanceContext& instance, const char* function)>;
  OnCall before;
  OnCall after;

  /// Asked at each service that the subject uses and that can fail, such as "knack.weights/1 get":
  /// `true` makes it fail. "allocate" is one, too.
  using OnService = std::function<bool(const char* service)>;
  OnService fails;

  /// Whether an optimizer gets no gradient of its last parameter.
  bool hides_last_gradient = false;

  /// After each step of whatever optimizer.
  std::function<void()> after_optimizer_step;

  /// Whether `instance` is one of the thing under test.
  bool is_subject(const InstanceContext& instance) const;
  const Subject& subject() const {
    return subject_;
  }

  // HostDisguise
  const knack_host_t* init_table(const InstanceContext& context) override;
  std::int32_t create(const knack_entry_t& entry, std::uint32_t index,
                      const InstanceContext& context, const knack_value_t* options,
                      knack_instance_t** out_instance) override;

  /// For the tables of this host: whether a service is to fail for the call in progress.
  bool strikes(const char* service);

  /// What the subject gets for an extension of the host, which is not nullptr.
  const void* extension(const std::string& id, const void* table);

 private:
  std::unique_ptr<HostTable> make_table(const InstanceContext& context) const;

  const Subject& subject_;
  std::map<std::string, std::vector<std::byte>, std::less<>> tables_;
};

/// The disguise of this process.
Disguise& disguise_in_force();

/// A copy of the table of `id` whose functions ask Disguise::strikes() first; the table itself where
/// nothing in it can fail.
const void* failing_table(const std::string& id, const void* table);

/// An instance that passes every call on to `made`, as `disguise` wants it, and owns it and `table`.
knack_instance_t* disguised_instance(Disguise& disguise, const InstanceContext& context,
                                     std::unique_ptr<HostTable> table, knack_instance_t* made);

}  // namespace knack::host

// SPDX-License-Identifier: MIT
// What a plugin has to leave on a thread as it found it.
#pragma once

#include <ATen/Parallel.h>
#include <ATen/core/Tensor.h>
#include <c10/core/AutogradState.h>
#include <c10/core/impl/LocalDispatchKeySet.h>

#include <string>
#include <vector>

namespace knack::host {

/// LibTorch's modes of the calling thread, its number of threads, and the default random streams.
class ThreadState {
 public:
  static ThreadState capture(bool with_random_streams);

  /// Puts everything back and names what had changed, such as "gradient mode on instead of off";
  /// empty when nothing had.
  std::string restore() const;

 private:
  struct Autocast {
    at::DeviceType device;
    bool enabled;
    at::ScalarType dtype;
  };
  struct Stream {
    at::Device device;
    at::Tensor state;
  };

  ThreadState() = default;

  c10::AutogradState autograd_ = c10::AutogradState::get_tls_state();
  c10::impl::LocalDispatchKeySet dispatch_keys_ = c10::impl::tls_local_dispatch_key_set();
  int threads_ = at::get_num_threads();
  std::vector<Autocast> autocast_;
  std::vector<Stream> streams_;
};

}  // namespace knack::host

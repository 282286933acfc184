// A CUDA status that says no. The bindings turn it into gibbsite.DeviceError.
#pragma once

#include <stdexcept>

namespace gibbsite {

struct DeviceError : std::runtime_error {
    using std::runtime_error::runtime_error;
};

}  // namespace gibbsite

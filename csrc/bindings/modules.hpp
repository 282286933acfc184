// One function a noun adds that noun's kernels to a module; compiled for the host and again for the card.
#pragma once

#include <pybind11/pybind11.h>

#include "core/context.hpp"

namespace gibbsite::GIBBSITE_BACKEND {

void bind_core(pybind11::module_& module);
void bind_random(pybind11::module_& module);
void bind_mixture(pybind11::module_& module);
void bind_rbm(pybind11::module_& module);
void bind_mcmc(pybind11::module_& module);

}  // namespace gibbsite::GIBBSITE_BACKEND

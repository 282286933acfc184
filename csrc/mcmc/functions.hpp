// A user's density, called at the address it was given as. Host only, float64 only.
#pragma once

#include "mcmc/spaces.hpp"
#include "mcmc/targets.hpp"

namespace gibbsite {
namespace {

GIBBSITE_HD double user_density(const DimensionLanes<double>& s, const Target<double>& target, const double* q,
                                double* grad, int& code) {
    double logp = -std::numeric_limits<double>::infinity();
    const int result = target.function(std::size_t(s.dim), q, grad, &logp, target.user_data);
    if (result < 0) code = result;
    return result == 0 ? logp : -std::numeric_limits<double>::infinity();
}

}  // namespace
}  // namespace gibbsite

// The host's kernels of the noun `core`: the copy for the instruction set in use.
#include <stdexcept>
#include <string>

#include "core/table.hpp"
#include "core/vector_math.hpp"

namespace gibbsite {
namespace {

void require_known(bool known, const char* function) {
    if (!known) throw std::invalid_argument(std::string("vector_math: unknown function '") + function + "'");
}

}  // namespace

void vector_math(const char* function, const float* x, float* out, std::int64_t n) {
    require_known(vector_math_float().apply(function, x, out, n), function);
}

void vector_math(const char* function, const double* x, double* out, std::int64_t n) {
    require_known(vector_math_double().apply(function, x, out, n), function);
}

namespace cpu {

template <>
void logsumexp(const LogSumExp<float>& job, Context context) {
    core_float().logsumexp(job, context);
}

template <>
void logsumexp(const LogSumExp<double>& job, Context context) {
    core_double().logsumexp(job, context);
}

}  // namespace cpu
}  // namespace gibbsite

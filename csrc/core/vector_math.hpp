// The polynomials of vecmath.hpp over an array, by name: so that tests can measure their error in each instruction set.
#pragma once

#include "core/variants.hpp"

#include <cstdint>

namespace gibbsite {

template <class T>
struct VectorMathTable {
    // False when there is no function of that name.
    bool (*apply)(const char* function, const T* x, T* out, std::int64_t n);
};

GIBBSITE_DECLARE_VARIANTS(VectorMathTable<float>, vector_math_float)
GIBBSITE_DECLARE_VARIANTS(VectorMathTable<double>, vector_math_double)

// Throws std::invalid_argument for an unknown function.
void vector_math(const char* function, const float* x, float* out, std::int64_t n);
void vector_math(const char* function, const double* x, double* out, std::int64_t n);

}  // namespace gibbsite

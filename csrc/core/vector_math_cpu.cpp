// Compiled once per instruction set.
#include <cstring>

#include "core/simd.hpp"
#include "core/vecmath.hpp"
#include "core/vector_math.hpp"

namespace gibbsite {
namespace {

template <class T, class F>
void map(const T* x, T* out, std::int64_t n, F f) {
    constexpr int lanes = lane_count<T>;
    std::int64_t i = 0;
    for (; i + lanes <= n; i += lanes) store(out + i, f(load(x + i)));
    if (i == n) return;
    T part[lanes] = {};
    memcpy(part, x + i, std::size_t(n - i) * sizeof(T));
    store(part, f(load(part)));
    memcpy(out + i, part, std::size_t(n - i) * sizeof(T));
}

template <class T>
bool apply(const char* function, const T* x, T* out, std::int64_t n) {
    using V = Simd<T>;
    const auto is = [&](const char* name) { return strcmp(function, name) == 0; };
    if (is("exp"))
        map(x, out, n, [](V v) { return exp(v); });
    else if (is("exp_nonpositive"))
        map(x, out, n, [](V v) { return exp_nonpositive(v); });
    else if (is("log"))
        map(x, out, n, [](V v) { return log(v); });
    else if (is("log1p"))
        map(x, out, n, [](V v) { return log1p(v); });
    else if (is("tanh"))
        map(x, out, n, [](V v) { return tanh(v); });
    else if (is("sin_turn"))
        map(x, out, n, [](V v) {
            V s, c;
            sincos_turn(v, s, c);
            return s;
        });
    else if (is("cos_turn"))
        map(x, out, n, [](V v) {
            V s, c;
            sincos_turn(v, s, c);
            return c;
        });
    else
        return false;
    return true;
}

}  // namespace

namespace GIBBSITE_ISA {
constinit const VectorMathTable<float> vector_math_float{apply<float>};
constinit const VectorMathTable<double> vector_math_double{apply<double>};
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite

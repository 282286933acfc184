// From Philox words to uniforms and normals, on any lane type; the placement of elements in blocks of four words is
//   float32: element i is word i % 4 of block i / 4;  float64: element i is words 2j, 2j + 1 of block i / 2, j = i % 2.
#pragma once

#include "core/philox.hpp"
#include "core/vecmath.hpp"

namespace gibbsite {

template <class T>
constexpr int elements_per_block = sizeof(T) == 4 ? 4 : 2;

// 24 random bits as a float32 in [0, 1)
constexpr float uniform_unit_f32 = 0x1p-24f;
// 53 random bits as a float64 in [0, 1)
constexpr double uniform_unit_f64 = 0x1p-53;

// A whole word w as a float32 in (0, 1]: w rounded, then (w + 1/2) 2^-32. Its tail reaches 6.7 standard deviations.
template <class V>
GIBBSITE_HD V radius_uniform_f32(V rounded_word) {
    const V u = rounded_word * 0x1p-32f + 0x1p-33f;
    return u < 1.0f ? u : broadcast<V>(1.0f);
}

// Box & Muller 1958: u1 in (0, 1] gives the radius, u2 in [0, 1) the angle in turns; even element cosine, odd sine.
template <class V, class SquareRoot>
GIBBSITE_HD void box_muller(V u1, V u2, V& even, V& odd, SquareRoot square_root) {
    const V radius = square_root(V(log_positive(u1) * scalar_of<V>(-2)));
    V sine, cosine;
    sincos_turn(u2, sine, cosine);
    even = radius * cosine;
    odd = radius * sine;
}

}  // namespace gibbsite

// SIMD lanes of the instruction set that this file is compiled for, as GCC/Clang vector types. Host only.
#pragma once

#include <utility>

#include "core/lanes.hpp"
#include "core/philox.hpp"

#if defined(__x86_64__)
#include <immintrin.h>
#endif

namespace gibbsite {

#if defined(__AVX512F__)
constexpr int vector_bytes = 64;
constexpr int vector_registers = 32;
#elif defined(__AVX2__)
constexpr int vector_bytes = 32;
constexpr int vector_registers = 16;
#else
constexpr int vector_bytes = 16;
#if defined(__aarch64__)
constexpr int vector_registers = 32;
#else
constexpr int vector_registers = 16;
#endif
#endif

template <class V>
struct Lanes {
    using scalar = std::remove_cvref_t<decltype(std::declval<V&>()[0])>;
    using integer_scalar = std::conditional_t<sizeof(scalar) == 4, std::int32_t, std::int64_t>;
    static constexpr int count = int(sizeof(V) / sizeof(scalar));
    typedef integer_scalar integer __attribute__((vector_size(sizeof(V))));
    typedef std::make_unsigned_t<integer_scalar> word __attribute__((vector_size(sizeof(V))));
};

template <class T>
struct SimdOf {
    typedef T type __attribute__((vector_size(vector_bytes)));
    typedef T unaligned __attribute__((vector_size(vector_bytes), aligned(alignof(T)), may_alias));
};

template <class T>
using Simd = typename SimdOf<T>::type;

template <class T>
constexpr int lane_count = vector_bytes / int(sizeof(T));

template <class T>
GIBBSITE_HD Simd<T> load(const T* from) {
    return *reinterpret_cast<const typename SimdOf<T>::unaligned*>(from);
}

template <class T>
GIBBSITE_HD void store(T* to, Simd<T> value) {
    *reinterpret_cast<typename SimdOf<T>::unaligned*>(to) = value;
}

// {0, 1, 2, ...}
template <class T>
GIBBSITE_HD Simd<T> iota() {
    Simd<T> lanes;
    for (int i = 0; i < lane_count<T>; ++i) lanes[i] = T(i);
    return lanes;
}

template <int distance, class V, int... i>
GIBBSITE_HD V lanes_rotated(V v, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(v, v, ((i + distance) % Lanes<V>::count)...);
}

// The sum of all lanes, by halves: a fixed order on every run.
template <class T, int width = lane_count<T> / 2>
GIBBSITE_HD T sum_of_lanes(Simd<T> v) {
    v += lanes_rotated<width>(v, std::make_integer_sequence<int, lane_count<T>>{});
    if constexpr (width > 1)
        return sum_of_lanes<T, width / 2>(v);
    else
        return v[0];
}

template <class V>
GIBBSITE_HD V larger(V a, V b) {
    return a > b ? a : b;
}

template <int first, class V, int... i>
GIBBSITE_HD V interleaved_half(V a, V b, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(a, b, (first + i / 2 + (i % 2) * Lanes<V>::count)...);
}

template <class V, int... i>
GIBBSITE_HD V even_lanes(V a, V b, std::integer_sequence<int, i...>) {
    return __builtin_shufflevector(a, b, (2 * i)...);
}

// a0 b0 a1 b1 ... as two vectors
template <class V>
GIBBSITE_HD void interleave(V& a, V& b) {
    constexpr int n = Lanes<V>::count;
    const auto lanes = std::make_integer_sequence<int, n>{};
    const V low = interleaved_half<0>(a, b, lanes);
    b = interleaved_half<n / 2>(a, b, lanes);
    a = low;
}

template <>
struct LowHalves<Simd<std::uint64_t>> {
    using V = Simd<std::uint64_t>;
    GIBBSITE_HD V product(V a, std::uint32_t b) {
#if defined(__AVX512F__)
        return (V)_mm512_mul_epu32((__m512i)a, _mm512_set1_epi64(b));
#elif defined(__AVX2__)
        return (V)_mm256_mul_epu32((__m256i)a, _mm256_set1_epi64x(b));
#elif defined(__x86_64__)
        return (V)_mm_mul_epu32((__m128i)a, _mm_set1_epi64x(b));
#else
        return (a & std::uint64_t(0xffffffff)) * std::uint64_t(b);
#endif
    }
};

// The low halves of two vectors of 64-bit lanes as one vector of 32-bit lanes.
GIBBSITE_HD Simd<std::uint32_t> low_halves(Simd<std::uint64_t> a, Simd<std::uint64_t> b) {
    using V = Simd<std::uint32_t>;
    return even_lanes((V)a, (V)b, std::make_integer_sequence<int, lane_count<std::uint32_t>>{});
}

template <class T>
GIBBSITE_HD Simd<T> square_root(Simd<T> v) {
#if defined(__AVX512F__)
    if constexpr (sizeof(T) == 4)
        return (Simd<T>)_mm512_sqrt_ps((__m512)v);
    else
        return (Simd<T>)_mm512_sqrt_pd((__m512d)v);
#elif defined(__AVX2__)
    if constexpr (sizeof(T) == 4)
        return (Simd<T>)_mm256_sqrt_ps((__m256)v);
    else
        return (Simd<T>)_mm256_sqrt_pd((__m256d)v);
#elif defined(__x86_64__)
    if constexpr (sizeof(T) == 4)
        return (Simd<T>)_mm_sqrt_ps((__m128)v);
    else
        return (Simd<T>)_mm_sqrt_pd((__m128d)v);
#else
    for (int i = 0; i < lane_count<T>; ++i) v[i] = sizeof(T) == 4 ? __builtin_sqrtf(v[i]) : __builtin_sqrt(v[i]);
    return v;
#endif
}

// float64 lanes of integers below 2^53: through the mantissa, since only AVX-512 has the conversion.
GIBBSITE_HD Simd<double> exact_double(Simd<std::uint64_t> value) {
#if defined(__AVX512DQ__)
    return __builtin_convertvector(value, Simd<double>);
#else
    constexpr std::uint64_t low_exponent = 0x4330000000000000;   // 2^52
    constexpr std::uint64_t high_exponent = 0x4530000000000000;  // 2^84
    const auto low = bits_as<Simd<double>>((value & std::uint64_t(0xffffffff)) | low_exponent) - 0x1p52;
    const auto high = bits_as<Simd<double>>((value >> 32) | high_exponent) - 0x1p84;
    return high + low;
#endif
}

}  // namespace gibbsite

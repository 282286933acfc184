// exp, log, log1p, tanh and sine-cosine of a turn as short polynomials on any lane type (lanes.hpp).
//
// inf, NaN, signed zeros and subnormals behave as in the C library. Coefficients come from fit_polynomials.py; the
// range reductions are the classic ones (Cody & Waite 1980; Tang 1989; for the logarithm's atanh form see Ng's notes
// in fdlibm). No branches, no tables: a loop over lanes stays a straight line of multiply-adds.
#pragma once

#include <limits>

#include "core/lanes.hpp"

namespace gibbsite {

template <class T>
struct Format;

template <>
struct Format<float> {
    static constexpr int mantissa_bits = 23;
    static constexpr float round_magic = 12582912.0f;  // 1.5 * 2^23: adding it rounds to an integer
    static constexpr std::uint32_t one_bits = 0x3f800000;
    static constexpr float exp_high = 88.72284f;   // above: exp overflows
    static constexpr float exp_low = -103.97209f;  // below: exp rounds to zero
    static constexpr float ln2_high = 0.693145751953125f;
    static constexpr float ln2_low = 1.428606765330187e-6f;
};

template <>
struct Format<double> {
    static constexpr int mantissa_bits = 52;
    static constexpr double round_magic = 6755399441055744.0;  // 1.5 * 2^52
    static constexpr std::uint64_t one_bits = 0x3ff0000000000000;
    static constexpr double exp_high = 709.782712893384;
    static constexpr double exp_low = -745.1332191019412;
    static constexpr double ln2_high = 0.693147180369123816490;
    static constexpr double ln2_low = 1.90821492927058770002e-10;
};

// c0 + x (c1 + x (c2 + ...)), lowest power first.
template <class V, class C>
GIBBSITE_HD V horner(V, C c0) {
    return broadcast<V>(scalar_of<V>(c0));
}

template <class V, class C, class... Rest>
GIBBSITE_HD V horner(V x, C c0, Rest... rest) {
    return horner(x, rest...) * x + scalar_of<V>(c0);
}

// 2^n for integer-valued n (as V) within the exponent range.
template <class V>
GIBBSITE_HD V power_of_two(V n) {
    using F = Format<scalar_of<V>>;
    using W = word_of<V>;
    const W biased = bits_as<W>(n + F::round_magic);
    return bits_as<V>(W((biased << F::mantissa_bits) + F::one_bits));
}

template <class V>
GIBBSITE_HD V exp_polynomial(V r) {
    if constexpr (sizeof(scalar_of<V>) == 4) {
        const V q = horner(r, 0.5, 0.1666657702559798819, 0.04166655466205053398, 0.008363173074513710903,
                           0.001392617611993557888);
        return r * r * q + r + scalar_of<V>(1);
    } else {
        const V q =
            horner(r, 0.5, 0.1666666666666667099, 0.04166666666666666975, 0.008333333333326140884,
                   0.001388888888888375242, 0.0001984126987480049198, 0.00002480158732553336382,
                   2.755725542574643428e-6, 2.755727366134863622e-7, 2.510520637395701112e-8, 2.09146793765839351e-9);
        return r * r * q + r + scalar_of<V>(1);
    }
}

// e^x for x <= 0, flushed to zero where the result would be subnormal: what a responsibility needs. NaN stays NaN.
template <class V>
GIBBSITE_HD V exp_nonpositive(V x) {
    using T = scalar_of<V>;
    using F = Format<T>;
    constexpr T smallest = sizeof(T) == 4 ? T(-87.33654f) : T(-708.3964185322641);
    const V n = (x * T(1.44269504088896340736) + F::round_magic) - F::round_magic;
    const V r = (x - n * F::ln2_high) - n * F::ln2_low;
    const V y = exp_polynomial(r) * power_of_two(n);
    return x < smallest ? V{} : y;
}

template <class V>
GIBBSITE_HD V exp(V x) {
    using T = scalar_of<V>;
    using F = Format<T>;
    const V clamped_high = x > F::exp_high ? broadcast<V>(F::exp_high) : x;
    const V clamped = clamped_high < F::exp_low ? broadcast<V>(F::exp_low) : clamped_high;  // NaN passes
    const V n = (clamped * T(1.44269504088896340736) + F::round_magic) - F::round_magic;
    const V r = (clamped - n * F::ln2_high) - n * F::ln2_low;
    // Two factors, so that 2^1024 and subnormal results are reached without an infinite or zero power.
    const V half = (n * T(0.5) + F::round_magic) - F::round_magic;
    const V y = exp_polynomial(r) * power_of_two(half) * power_of_two(V(n - half));
    const V or_infinity = x > F::exp_high ? broadcast<V>(std::numeric_limits<T>::infinity()) : y;
    return x < F::exp_low ? V{} : or_infinity;
}

// log(1 + f) - f for 1 + f in [sqrt(1/2), sqrt(2)]
template <class V>
GIBBSITE_HD V log_tail(V f) {
    using T = scalar_of<V>;
    const V s = f / (f + T(2));
    const V z = s * s;
    V p;
    if constexpr (sizeof(T) == 4) {
        p = horner(z, 0.6666666655449709155, 0.4000012183980612671, 0.285508208159606633, 0.233304672163038363);
    } else {
        p = horner(z, 0.6666666666666666646, 0.4000000000000087698, 0.2857142857080361181, 0.2222222239171391744,
                   0.1818179564013290628, 0.1538623970281465819, 0.1326877313865688518, 0.1308662614784010214);
    }
    const V half_square = f * f * T(0.5);
    return s * (half_square + z * p) - half_square;
}

// x = 2^e (1 + f) for positive normal x; e comes back as V.
template <class V>
GIBBSITE_HD V split_exponent(V x, V& f) {
    using T = scalar_of<V>;
    using F = Format<T>;
    using I = integer_of<V>;
    using W = word_of<V>;
    using U = std::conditional_t<sizeof(T) == 4, std::uint32_t, std::uint64_t>;
    constexpr U sqrt_half_bits = sizeof(T) == 4 ? U(0x3f3504f3) : U(0x3fe6a09e667f3bcd);
    const W bits = bits_as<W>(x);
    const I exponent = bits_as<I>(W(bits - sqrt_half_bits)) >> F::mantissa_bits;
    f = bits_as<V>(W(bits - (bits_as<W>(exponent) << F::mantissa_bits))) - T(1);
    // An integer of small magnitude becomes a float through the mantissa of the rounding constant.
    const I magic = bits_as<I>(broadcast<V>(F::round_magic));
    return bits_as<V>(I(exponent + magic)) - F::round_magic;
}

template <class V>
GIBBSITE_HD V log(V x) {
    using T = scalar_of<V>;
    using F = Format<T>;
    using limits = std::numeric_limits<T>;
    constexpr T lift = sizeof(T) == 4 ? T(33554432.0f) : T(18014398509481984.0);  // 2^25, 2^54: out of the subnormals
    constexpr T lift_log2 = sizeof(T) == 4 ? T(25) : T(54);
    const auto tiny = x < limits::min();
    const V normal = tiny ? x * lift : x;
    V f;
    V e = split_exponent(normal, f);
    e = tiny ? e - lift_log2 : e;
    V y = e * F::ln2_high + (f + (log_tail(f) + e * F::ln2_low));
    y = x == limits::infinity() ? x : y;
    y = x == T(0) ? broadcast<V>(-limits::infinity()) : y;
    return x < T(0) ? broadcast<V>(limits::quiet_NaN()) : (x == x ? y : x);
}

// log of a positive, normal, finite number; NaN stays NaN.
template <class V>
GIBBSITE_HD V log_positive(V x) {
    using F = Format<scalar_of<V>>;
    V f;
    const V e = split_exponent(x, f);
    return e * F::ln2_high + (f + (log_tail(f) + e * F::ln2_low)) + (x - x);
}

// log(1 + x): the rounding of 1 + x is given back to first order.
template <class V>
GIBBSITE_HD V log1p(V x) {
    using T = scalar_of<V>;
    const V u = x + T(1);
    const V lost = x - (u - T(1));
    const V y = gibbsite::log(u) + lost / u;
    const auto special = u == std::numeric_limits<T>::infinity() ? u == u : u <= T(0);
    const V z = special ? gibbsite::log(u) : y;
    return u == T(1) ? x : z;
}

template <class V>
GIBBSITE_HD V tanh(V x) {
    using T = scalar_of<V>;
    const V magnitude = x < T(0) ? -x : x;
    const V z = x * x;
    V p;
    if constexpr (sizeof(T) == 4) {
        p = horner(z, -0.3333333317214036164, 0.1333330355691574177, -0.05395925957720454274, 0.02176891865102821015,
                   -0.008343945515839152048, 0.002292744816178142343);
    } else {
        p = horner(z, -0.3333333333333333333, 0.133333333333333328, -0.05396825396825307542, 0.02186948853609647055,
                   -0.008863235527882458341, 0.003592127994877164501, -0.001455833827904207791,
                   0.0005900223329023257696, -0.0002390964277059474855, 0.00009676689210002811982,
                   -0.0000387990421816612783, 0.00001483289754841755807, -4.770834648519766777e-6,
                   9.17154940265454197e-7);
    }
    const V small = x * z * p + x;
    const V large = T(1) - T(2) / (gibbsite::exp(V(magnitude * T(2))) + T(1));
    const V signed_large = x < T(0) ? -large : large;
    return magnitude < T(0.625) ? small : (x == x ? signed_large : x);
}

// sin(2 pi u) and cos(2 pi u) for u in [0, 1): no range reduction beyond the nearest quarter turn, which is exact.
template <class V>
GIBBSITE_HD void sincos_turn(V u, V& sine, V& cosine) {
    using T = scalar_of<V>;
    using F = Format<T>;
    using I = integer_of<V>;
    const V shifted = u * T(4) + F::round_magic;
    const I quarter = bits_as<I>(shifted);
    const V t = u - (shifted - F::round_magic) * T(0.25);
    const V z = t * t;
    V s, c;
    if constexpr (sizeof(T) == 4) {
        s = t * horner(z, 6.283185307152399614, -41.3417021533949024, 81.60520471104575469, -76.69786635020280583,
                       41.47283323950919249);
        c = z * horner(z, -19.73920878998750972, 64.9393690514197757, -85.4488200896510713, 59.42410598175647391) +
            T(1);
    } else {
        s = t * horner(z, 6.283185307179586477, -41.34170224039976014, 81.60524927607493067, -76.70585975299812673,
                       42.05869392898878344, -15.09464040389154565, 3.819788120163211423, -0.7116358090781665996);
        c = z * horner(z, -19.73920880217871724, 64.93939402266829146, -85.45681720669368458, 60.24464137185456332,
                       -26.42625677781740025, 7.903535612338960179, -1.714333269420992081, 0.2797407860657504051) +
            T(1);
    }
    // Quarter turns 1 and 3 swap the two; 2 and 3 negate the sine, 1 and 2 the cosine.
    constexpr int sign_shift = 8 * sizeof(T) - 1;
    using S = std::conditional_t<sizeof(T) == 4, std::int32_t, std::int64_t>;
    const auto odd = (quarter & S(1)) != S(0);
    const I sine_sign = (quarter & S(2)) << (sign_shift - 1);
    const I cosine_sign = ((quarter + S(1)) & S(2)) << (sign_shift - 1);
    sine = bits_as<V>(I(bits_as<I>(odd ? c : s) ^ sine_sign));
    cosine = bits_as<V>(I(bits_as<I>(odd ? s : c) ^ cosine_sign));
}

}  // namespace gibbsite

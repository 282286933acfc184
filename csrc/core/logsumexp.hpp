// log sum_i w_i exp(x_i), held as the maximum, the weight found at the maximum, and the sum of the other terms
// relative to it: log1p of the ratio keeps the digits that log(1 + tiny) would lose. A term of weight zero adds
// nothing, even where x is infinite or NaN; a negative total has no logarithm and gives NaN.
#pragma once

#include "core/vecmath.hpp"

namespace gibbsite {

template <class V>
struct LogSum {
    V maximum;
    V at_maximum;
    V others;
    V ignored;  // NaN where a term of weight zero was NaN or +inf, else 0
};

template <class V>
GIBBSITE_HD V minus_infinity() {
    return broadcast<V>(-std::numeric_limits<scalar_of<V>>::infinity());
}

template <class V>
GIBBSITE_HD LogSum<V> empty_log_sum(V maximum) {
    return {maximum, V{}, V{}, V{}};
}

// x is at most sum.maximum.
template <class V>
GIBBSITE_HD void add_term(LogSum<V>& sum, V x, V weight) {
    const auto is_maximum = x == sum.maximum;
    const V term = weight * exp(V(x - sum.maximum));
    sum.at_maximum += is_maximum ? weight : V{};
    sum.others += is_maximum ? V{} : term;
}

// What a term says before the maximum is known: one of weight zero counts as exp(-inf).
template <class V>
GIBBSITE_HD V exponent(V x, V weight) {
    return weight == scalar_of<V>(0) ? minus_infinity<V>() : x;
}

template <class V>
GIBBSITE_HD void add_weighted_term(LogSum<V>& sum, V x, V weight) {
    using T = scalar_of<V>;
    const V fault = x < std::numeric_limits<T>::infinity() ? V{} : broadcast<V>(std::numeric_limits<T>::quiet_NaN());
    sum.ignored += weight == T(0) ? fault : V{};
    add_term(sum, exponent(x, weight), weight);
}

template <class V>
GIBBSITE_HD void merge(LogSum<V>& sum, LogSum<V> other) {
    const auto other_wins = other.maximum > sum.maximum;
    const V maximum = other_wins ? other.maximum : sum.maximum;
    const auto tie = other.maximum == sum.maximum;
    const LogSum<V> high = {maximum, other_wins ? other.at_maximum : sum.at_maximum,
                            other_wins ? other.others : sum.others, V{}};
    const LogSum<V> low = {other_wins ? sum.maximum : other.maximum, other_wins ? sum.at_maximum : other.at_maximum,
                           other_wins ? sum.others : other.others, V{}};
    // A part that is empty or all zero (maximum -inf) adds its own zeros, not 0 * NaN.
    const auto low_is_empty = low.maximum == minus_infinity<V>();
    const V scale = low_is_empty ? V{} : exp(V(low.maximum - maximum));
    const V low_total = low_is_empty ? low.others : V((low.at_maximum + low.others) * scale);
    sum.ignored += other.ignored;
    sum.maximum = maximum;
    sum.at_maximum = tie ? V(high.at_maximum + low.at_maximum) : high.at_maximum;
    sum.others = tie ? V(high.others + low.others) : V(high.others + low_total);
}

template <class V>
GIBBSITE_HD V finish(const LogSum<V>& sum) {
    using T = scalar_of<V>;
    const V total = sum.at_maximum + sum.others;
    const V raw = sum.others == T(0) ? sum.others : V(sum.others / sum.at_maximum);
    const V ratio = raw < T(-1) ? V(T(-2) - raw) : raw;
    const V magnitude = sum.at_maximum < T(0) ? V(-sum.at_maximum) : sum.at_maximum;
    const V value = log1p(ratio) + log(magnitude) + sum.maximum;
    const V or_nan = total < T(0) ? broadcast<V>(std::numeric_limits<T>::quiet_NaN()) : value;
    return or_nan - or_nan == T(0) ? or_nan : V(or_nan + sum.ignored);
}

}  // namespace gibbsite

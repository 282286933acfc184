// How vectors lie in memory while a chain runs, on the host. A `space` is what the maths of this noun is written for:
//   ChainLanes       eight chains (of AVX-512; as many as a vector has float64) side by side, element by element
//   DimensionLanes   one chain, its elements side by side, filled up with zeros to whole vectors
//   (spaces.cuh)     one thread's chain on the card, all chains side by side
// V is what one access yields, Number what a chain knows once (its log density), Wide a float64 sum on its way there.
// Host only.
#pragma once

#include "core/simd.hpp"

namespace gibbsite {
namespace {

// As many elements as a vector has float64, whatever T is: sums are float64.
constexpr int pack_lanes = lane_count<double>;

template <class T>
struct PackOf {
    typedef T type __attribute__((vector_size(sizeof(T) * pack_lanes)));
    typedef T unaligned __attribute__((vector_size(sizeof(T) * pack_lanes), aligned(alignof(T)), may_alias));
};
template <class T>
using Pack = typename PackOf<T>::type;

using Wide = Simd<double>;
using WideMask = Simd<std::int64_t>;

template <class T>
GIBBSITE_HD Pack<T> load_pack(const T* from) {
    return *reinterpret_cast<const typename PackOf<T>::unaligned*>(from);
}

template <class T>
GIBBSITE_HD void store_pack(T* to, Pack<T> value) {
    *reinterpret_cast<typename PackOf<T>::unaligned*>(to) = value;
}

GIBBSITE_HD Wide widened(Pack<double> v) { return v; }
GIBBSITE_HD Wide widened(Pack<float> v) { return __builtin_convertvector(v, Wide); }

template <class T>
GIBBSITE_HD Pack<T> narrowed(Wide v) {
    if constexpr (sizeof(T) == 8)
        return v;
    else
        return __builtin_convertvector(v, Pack<T>);
}

template <class T>
GIBBSITE_HD Pack<T> blended(WideMask mask, Pack<T> a, Pack<T> b) {
    if constexpr (sizeof(T) == 8)
        return mask ? a : b;
    else
        return __builtin_convertvector(mask, Pack<std::int32_t>) ? a : b;
}

GIBBSITE_HD bool any_lane(WideMask mask) {
    std::int64_t any = 0;
    for (int i = 0; i < pack_lanes; ++i) any |= mask[i];
    return any != 0;
}

template <class T>
struct ChainLanes {
    using Element = T;
    using V = Pack<T>;
    using Sum = Wide;
    using Number = Wide;
    using Mask = WideMask;
    static constexpr bool dimension_lanes = false;

    std::int64_t dim;
    std::int64_t first = 0;  // chain
    std::int64_t count = 1;  // chains; further lanes repeat the last one

    // From element to element of a chain, and from chain to chain.
    static constexpr std::int64_t stride = pack_lanes;
    static constexpr auto element_stride() { return std::integral_constant<std::int64_t, stride>{}; }
    std::int64_t n_lanes() const { return count; }
    static constexpr std::int64_t filled_lanes() { return pack_lanes; }

    std::int64_t accesses(std::int64_t n) const { return n; }
    std::int64_t access_of(std::int64_t i) const { return i; }
    std::int64_t leading(std::int64_t n) const { return n; }
    std::int64_t vector_size() const { return dim * pack_lanes; }

    V get(const T* p, std::int64_t i) const { return load_pack(p + i * pack_lanes); }
    void put(T* p, std::int64_t i, V value) const { store_pack<T>(p + i * pack_lanes, value); }
    V datum(const T* p, std::int64_t i) const { return broadcast<V>(p[i]); }
    T matrix_datum(const T* row, std::int64_t i) const { return row[i]; }
    Number number(double value) const { return broadcast<Number>(value); }
    Number number_at(const T* p, std::int64_t i) const { return widened(get(p, i)); }
    void put_number(T* p, std::int64_t i, Number value) const { put(p, i, narrowed<T>(value)); }

    static V root(V v) { return narrowed<T>(square_root<double>(widened(v))); }
    double lane(Number value, std::int64_t i) const { return value[i]; }
    void set_lane(Number& value, std::int64_t i, double x) const { value[i] = x; }
    Sum no_sum() const { return Sum{}; }
    static Sum widen(V v) { return widened(v); }
    Number total(Sum sum) const { return sum; }
    V spread(Number value) const { return narrowed<T>(value); }
    Number choose(Mask mask, Number a, Number b) const { return mask ? a : b; }
    V blend(Mask mask, V a, V b) const { return blended<T>(mask, a, b); }
    bool any(Mask mask) const { return any_lane(mask); }
    // to = from in the chains of the mask
    void keep(Mask mask, const T* from, T* to) const {
        for (std::int64_t i = 0; i < dim; ++i) put(to, i, blended<T>(mask, get(from, i), get(to, i)));
    }
};

template <class T>
struct DimensionLanes {
    using Element = T;
    using V = Pack<T>;
    using Sum = Wide;
    using Number = double;
    using Mask = bool;
    static constexpr bool dimension_lanes = true;

    std::int64_t dim;
    std::int64_t first = 0;  // chain

    static constexpr std::int64_t stride = 1;
    static constexpr auto element_stride() { return std::integral_constant<std::int64_t, stride>{}; }
    static constexpr std::int64_t n_lanes() { return 1; }
    static constexpr std::int64_t filled_lanes() { return 1; }

    std::int64_t accesses(std::int64_t n) const { return (n + pack_lanes - 1) / pack_lanes; }
    std::int64_t access_of(std::int64_t i) const { return i / pack_lanes; }
    std::int64_t leading(std::int64_t n) const { return accesses(n) * pack_lanes; }
    std::int64_t vector_size() const { return leading(dim); }

    V get(const T* p, std::int64_t i) const { return load_pack(p + i * pack_lanes); }
    void put(T* p, std::int64_t i, V value) const { store_pack<T>(p + i * pack_lanes, value); }
    V datum(const T* p, std::int64_t i) const { return get(p, i); }
    V matrix_datum(const T* row, std::int64_t i) const { return get(row, i); }
    Number number(double value) const { return value; }
    Number number_at(const T* p, std::int64_t i) const { return double(p[i]); }
    void put_number(T* p, std::int64_t i, Number value) const { p[i] = T(value); }

    static V root(V v) { return narrowed<T>(square_root<double>(widened(v))); }
    double lane(Number value, std::int64_t) const { return value; }
    void set_lane(Number& value, std::int64_t, double x) const { value = x; }
    Sum no_sum() const { return Sum{}; }
    static Sum widen(V v) { return widened(v); }
    Number total(Sum sum) const { return sum_of_lanes<double>(sum); }
    V spread(Number value) const { return broadcast<V>(T(value)); }
    Number choose(Mask mask, Number a, Number b) const { return mask ? a : b; }
    V blend(Mask mask, V a, V b) const { return mask ? a : b; }
    bool any(Mask mask) const { return mask; }
    void keep(Mask mask, const T* from, T* to) const {
        if (mask) memcpy(to, from, std::size_t(vector_size()) * sizeof(T));
    }
};

}  // namespace
}  // namespace gibbsite

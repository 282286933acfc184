// The kernels of the noun `random`, as each back end implements them.
#pragma once

#include "core/context.hpp"

namespace gibbsite {

// Where a draw sits: Philox's key is the seed; the counter holds (element block, stream, draw).
struct Place {
    std::uint64_t seed;
    std::uint32_t stream;
    std::uint32_t draw;
    std::uint64_t offset;  // the first element's number
};

namespace GIBBSITE_BACKEND {

template <class T>
void uniform(T* out, std::int64_t n, const Place& place, Context context);

template <class T>
void normal(T* out, std::int64_t n, const Place& place, Context context);

// p holds one probability for all (p_is_shared) or one an element.
template <class T>
void bernoulli(const T* p, bool p_is_shared, std::uint8_t* out, std::int64_t n, const Place& place, Context context);

// cumulative holds one row of n_categories for all (is_shared) or one an element.
template <class T>
void categorical(const T* cumulative, bool is_shared, std::int64_t n_categories, std::int64_t* out, std::int64_t n,
                 const Place& place, Context context);

}  // namespace GIBBSITE_BACKEND

}  // namespace gibbsite

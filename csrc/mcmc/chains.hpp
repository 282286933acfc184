// Between the arrays of a call, one row a chain, and the vectors of a space; and what is kept of the draws.
#pragma once

#include "core/lanes.hpp"
#include "mcmc/api.hpp"

namespace gibbsite {
namespace {

// Rows s.first, ... of `rows` (C, D). Lanes that stand for no chain repeat the last; elements that fill a vector up
// become `filling`.
template <class S, class T>
GIBBSITE_HD void load_rows(const S& s, const T* rows, T* to, T filling = T(0)) {
    if constexpr (S::dimension_lanes)
        for (std::int64_t i = s.dim; i < s.vector_size(); ++i) to[i] = filling;
    for (std::int64_t lane = 0; lane < s.filled_lanes(); ++lane) {
        const T* row = rows + (s.first + (lane < s.n_lanes() ? lane : s.n_lanes() - 1)) * s.dim;
        for (std::int64_t i = 0; i < s.dim; ++i) to[i * s.stride + lane] = row[i];
    }
}

template <class S, class T>
GIBBSITE_HD void store_rows(const S& s, const T* from, T* rows) {
    for (std::int64_t lane = 0; lane < s.n_lanes(); ++lane) {
        T* row = rows + (s.first + lane) * s.dim;
        for (std::int64_t i = 0; i < s.dim; ++i) row[i] = from[i * s.stride + lane];
    }
}

template <class S, class T>
GIBBSITE_HD typename S::Number load_numbers(const S& s, const T* values) {
    typename S::Number number = s.number(double(values[s.first]));
    for (std::int64_t lane = 1; lane < s.n_lanes(); ++lane) s.set_lane(number, lane, double(values[s.first + lane]));
    return number;
}

template <class S>
GIBBSITE_HD void store_numbers(const S& s, typename S::Number number, double* values) {
    for (std::int64_t lane = 0; lane < s.n_lanes(); ++lane) values[s.first + lane] = s.lane(number, lane);
}

template <class S>
GIBBSITE_HD ChainPlace place_of(const S& s, const ChainPlace& start, std::int64_t draw) {
    return {start.seed, start.chain + std::uint32_t(s.first), start.draw + std::uint32_t(draw)};
}

// Keeps draw number `draw` of the call if it is one of those to keep; `info` gives the values of one lane.
template <class S, class T, class Info>
GIBBSITE_HD void keep_draw(const S& s, const Record<T>& record, std::int64_t draw, const T* q, typename S::Number logp,
                           int info_size, const Info& info) {
    if ((draw + 1) % record.thin != 0) return;
    const std::int64_t n_kept = record.n_draws / record.thin, kept = draw / record.thin;
    if (kept >= n_kept) return;
    for (std::int64_t lane = 0; lane < s.n_lanes(); ++lane) {
        const std::int64_t at = (s.first + lane) * n_kept + kept;
        if (record.draws != nullptr)
            for (std::int64_t i = 0; i < s.dim; ++i) record.draws[at * s.dim + i] = q[i * s.stride + lane];
        if (record.lp != nullptr) record.lp[at] = s.lane(logp, lane);
        if (record.info != nullptr) info(lane, record.info + at * info_size);
    }
}

}  // namespace
}  // namespace gibbsite

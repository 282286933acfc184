// Long runs of many chains: groups of chains are tasks, cut where time is up, so that the pool can look for Ctrl-C.
// Where a run is cut changes nothing: what a chain is lies in the arrays of the call. Host only.
#pragma once

#include "core/pool.hpp"
#include "mcmc/spaces.hpp"

namespace gibbsite {

double now_in_seconds();

namespace {

constexpr double slice_seconds = 0.02;

// Over after slice_seconds; looks at the time once in `patience` questions.
class Clock {
public:
    explicit Clock(int patience) : patience_(patience), end_(now_in_seconds() + slice_seconds) {}
    bool over() {
        if (++questions_ < patience_) return false;
        questions_ = 0;
        return now_in_seconds() > end_;
    }

private:
    int patience_, questions_ = 0;
    double end_;
};

// Chains in the lanes of a vector where the density is written for that; a user's density and a regression's rows want
// a chain alone.
inline bool one_chain_at_a_time(TargetKind kind) {
    return kind == TargetKind::function || kind == TargetKind::logistic_regression;
}

template <class S>
std::int64_t group_size_of() {
    return S::dimension_lanes ? 1 : pack_lanes;
}

template <class S>
S group_space(std::int64_t dim, std::int64_t n_chains, std::int64_t group) {
    if constexpr (S::dimension_lanes) {
        return S{dim, group};
    } else {
        const std::int64_t first = group * pack_lanes;
        return S{dim, first, at_most(pack_lanes, n_chains - first)};
    }
}

// Scratch memory of each worker: zeros at first, and so the elements that fill vectors up stay zero.
template <class T>
class WorkerMemory {
public:
    WorkerMemory(std::int64_t elements, int n_workers)
        : elements_((elements + 63) / 64 * 64), buffer_(std::size_t(elements_ * n_workers) * sizeof(T)) {
        memset(buffer_.get(), 0, std::size_t(elements_ * n_workers) * sizeof(T));
    }
    T* of(int worker) const { return static_cast<T*>(buffer_.get()) + worker * elements_; }

private:
    std::int64_t elements_;
    Buffer buffer_;
};

// advance(space, worker memory, first draw, code) makes draws and returns the first it did not make.
template <class S, class Advance>
void run_groups(std::int64_t dim, std::int64_t n_chains, std::int64_t n_draws, std::uint32_t first_draw,
                std::int64_t elements, std::int64_t* status, Context context, const Advance& advance) {
    struct Group {
        std::int64_t next;
        int code;
    };
    const std::int64_t n_groups = (n_chains + group_size_of<S>() - 1) / group_size_of<S>();
    const int n_workers = threads_for(int(context.value), n_groups);
    const WorkerMemory<typename S::Element> memory(elements, n_workers);
    const Buffer buffer(std::size_t(n_groups) * sizeof(Group));
    Group* const groups = static_cast<Group*>(buffer.get());
    memset(groups, 0, std::size_t(n_groups) * sizeof(Group));
    for (bool done = n_draws == 0; !done;) {
        parallel_for(n_groups, n_workers, [&](std::int64_t g, int worker) {
            Group& group = groups[g];
            if (group.next < n_draws)
                group.next = advance(group_space<S>(dim, n_chains, g), memory.of(worker), group.next, group.code);
        });
        done = true;
        for (std::int64_t g = n_groups - 1; g >= 0; --g) {
            done = done && groups[g].next == n_draws;
            if (groups[g].code == 0) continue;
            status[0] = groups[g].code;
            status[1] = g * group_size_of<S>();
            status[2] = std::int64_t(first_draw) + groups[g].next;
        }
        done = done || status[0] != 0;
    }
}

}  // namespace
}  // namespace gibbsite

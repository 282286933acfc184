// Groups of visible units of which one is on: softmax over each group, and the choice of one. Host only.
#pragma once

#include "rbm/workspace.hpp"

namespace gibbsite {
namespace {

// Activations of one row to probabilities: softmax by the maximum, sums in the order of the units.
template <class T>
void softmax_groups(const Machine<T>& machine, T* x) {
    for (std::int64_t g = 0; g < machine.n_groups; ++g) {
        T* const begin = x + machine.groups[g];
        T* const end = x + machine.groups[g + 1];
        T highest = *begin, total = 0;
        for (const T* at = begin; at < end; ++at) highest = *at > highest ? *at : highest;
        for (T* at = begin; at < end; ++at) total += * at = gibbsite::exp(*at - highest);
        for (T* at = begin; at < end; ++at) *at /= total;
    }
}

// Activations of one row to states: the unit at which the running sum of e^(x - max) passes the uniform's share.
template <class T>
void draw_groups(const Machine<T>& machine, const T* x, const SweepPlace& place, std::uint32_t chain,
                 std::uint8_t* states, const std::uint8_t* clamp) {
    alignas(64) T uniform[units_per_group];
    for (std::int64_t g = 0; g < machine.n_groups; ++g) {
        if (g % units_per_group == 0) group_uniforms(g / units_per_group, place, chain, Side::visible, uniform);
        const std::int64_t begin = machine.groups[g], end = machine.groups[g + 1];
        T highest = x[begin], total = 0;
        for (std::int64_t j = begin; j < end; ++j) highest = x[j] > highest ? x[j] : highest;
        for (std::int64_t j = begin; j < end; ++j) total += gibbsite::exp(x[j] - highest);
        const T target = uniform[g % units_per_group] * total;
        std::int64_t chosen = begin;
        T running = 0;
        for (std::int64_t j = begin; j < end - 1; ++j) chosen += (running += gibbsite::exp(x[j] - highest)) <= target;
        for (std::int64_t j = begin; j < end; ++j)
            if (!clamp || !clamp[j]) states[j] = j == chosen;
    }
}

// Both, for rows of activations with a stride of whole groups of 64; probabilities and states may be null.
template <class T>
void finish_groups(const Machine<T>& machine, T* x, std::int64_t n_rows, T* probabilities, std::uint8_t* states,
                   const std::uint8_t* clamp, const SweepPlace& place, int threads) {
    const std::int64_t D = machine.n_visible, stride = whole_groups(D);
    parallel_for(n_rows, threads, [&](std::int64_t row, int) {
        T* activation = x + row * stride;
        if (states)
            draw_groups(machine, activation, place, place.chain + std::uint32_t(row), states + row * D,
                        clamp ? clamp + row * D : nullptr);
        if (probabilities) {
            softmax_groups(machine, activation);
            copy_units(probabilities + row * D, activation, D);
        }
    });
}

}  // namespace
}  // namespace gibbsite

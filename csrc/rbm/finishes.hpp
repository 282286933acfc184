// From sums to units, fused with the product: each of these takes the sums of 64 neighbouring units and some rows
// (product.hpp) and writes probabilities, states or both. Host only.
#pragma once

#include "rbm/draws.hpp"
#include "rbm/product.hpp"

namespace gibbsite {
namespace {

// x = scale sum + bias_scale bias, with the inverse temperature of the row as both scales, or (annealed) as the first.
template <class T>
struct Activation {
    const T* bias;  // filled up with zeros to whole groups of 64
    Betas<T> betas;
    bool bias_is_final;

    // the 64 activations of a row
    void write(const GroupSums<T>& group, std::int64_t row, T* out) const {
        const T scale = beta_of(betas, group.first_row + row), bias_scale = bias_is_final ? T(1) : scale;
        const T* sums = group.row(row);
        for (std::int64_t unit = 0; unit < group.n_units; unit += lane_count<T>)
            store(out + unit, load(sums + unit) * scale + load(bias + group.first_unit() + unit) * bias_scale);
    }
};

// Where 64 units of a row end up: rows of `stride` elements.
template <class T>
void copy_units(T* to, const T* from, std::int64_t n) {
    memcpy(to, from, std::size_t(n) * sizeof(T));
}

GIBBSITE_HD void copy_unless(std::uint8_t* to, const std::uint8_t* from, const std::uint8_t* keep, std::int64_t n) {
    for (std::int64_t i = 0; i < n; ++i) to[i] = keep[i] ? to[i] : from[i];
}

// 0 or 1 a lane as bytes.
template <class Mask>
GIBBSITE_HD void store_bytes(std::uint8_t* to, Mask mask) {
    typedef std::uint8_t Bytes __attribute__((vector_size(Lanes<Mask>::count)));
    const Bytes bytes = __builtin_convertvector(mask, Bytes) & std::uint8_t(1);
    memcpy(to, &bytes, sizeof bytes);
}

// Binary units; probabilities, states and clamp may be null. Chains are numbered from `place.chain` on.
template <class T>
struct BinaryUnits {
    Activation<T> activation;
    T* probabilities;
    std::uint8_t* states;
    const std::uint8_t* clamp;
    std::int64_t stride;
    SweepPlace place;
    Side side;

    void operator()(const GroupSums<T>& group) const {
        for (std::int64_t row = 0; row < group.n_rows; ++row) {
            alignas(64) T x[units_per_group];
            activation.write(group, row, x);
            const std::int64_t at = (group.first_row + row) * stride + group.first_unit();
            if (probabilities) write_probabilities(x, probabilities + at, group.n_units);
            if (states) draw(group, row, x, at);
        }
    }

private:
    static void write_probabilities(const T* x, T* out, std::int64_t n) {
        alignas(64) T p[units_per_group];
        for (std::int64_t unit = 0; unit < n; unit += lane_count<T>) store(p + unit, logistic(load(x + unit)));
        copy_units(out, p, n);
    }

    void draw(const GroupSums<T>& group, std::int64_t row, const T* x, std::int64_t at) const {
        alignas(64) T uniform[units_per_group];
        alignas(64) std::uint8_t drawn[units_per_group];
        group_uniforms(group.group, place, place.chain + std::uint32_t(group.first_row + row), side, uniform);
        for (std::int64_t unit = 0; unit < group.n_units; unit += lane_count<T>)
            store_bytes(drawn + unit, unit_is_on(load(uniform + unit), load(x + unit)));
        if (clamp)
            copy_unless(states + at, drawn, clamp + at, group.n_units);
        else
            copy_units(states + at, drawn, group.n_units);
    }
};

// Gaussian units: means, and values drawn about them with variance s / beta; means, values and clamp may be null.
template <class T>
struct GaussianUnits {
    Activation<T> mean;
    const T* variance;  // filled up to whole groups
    Betas<T> betas;
    T* means;
    T* values;
    const std::uint8_t* clamp;
    std::int64_t stride;
    SweepPlace place;

    void operator()(const GroupSums<T>& group) const {
        for (std::int64_t row = 0; row < group.n_rows; ++row) {
            alignas(64) T x[units_per_group];
            mean.write(group, row, x);
            const std::int64_t at = (group.first_row + row) * stride + group.first_unit();
            if (means) copy_units(means + at, x, group.n_units);
            if (values) draw(group, row, x, at);
        }
    }

private:
    void draw(const GroupSums<T>& group, std::int64_t row, T* x, std::int64_t at) const {
        alignas(64) T normal[units_per_group];
        group_normals(group.group, place, place.chain + std::uint32_t(group.first_row + row), Side::visible, normal);
        const T narrowing = T(1) / beta_of(betas, group.first_row + row);
        for (std::int64_t unit = 0; unit < group.n_units; unit += lane_count<T>) {
            const auto deviation = square_root<T>(load(variance + group.first_unit() + unit) * narrowing);
            store(x + unit, load(x + unit) + deviation * load(normal + unit));
        }
        for (std::int64_t i = 0; i < group.n_units; ++i)
            if (!clamp || !clamp[at + i]) values[at + i] = x[i];
    }
};

// Activations as they are, for units that need their whole row: groups of categorical units.
template <class T>
struct StoredActivations {
    Activation<T> activation;
    T* out;  // (rows, stride), a stride of whole groups
    std::int64_t stride;

    void operator()(const GroupSums<T>& group) const {
        for (std::int64_t row = 0; row < group.n_rows; ++row)
            activation.write(group, row, out + (group.first_row + row) * stride + group.first_unit());
    }
};

}  // namespace
}  // namespace gibbsite

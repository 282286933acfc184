// From sums to units, fused with the product: a thread takes the sums of four units of a row and writes probabilities,
// states or both. The four are 16 apart, so that one Philox block has their draws (units.hpp).
#pragma once

#include <cuda_runtime.h>

#include "random/draws.cuh"
#include "rbm/api.hpp"

namespace gibbsite::cuda {

// Units 64 group + column + 16 k of a row, k < 4.
struct UnitQuad {
    std::int64_t row;
    std::int64_t group;
    int column;

    __device__ __forceinline__ std::int64_t unit(int k) const {
        return group * units_per_group + k * blocks_per_unit_group + column;
    }
    __device__ __forceinline__ PhiloxWords<std::uint64_t> words(const SweepPlace& place, Side side) const {
        return unit_words<std::uint64_t>(std::uint64_t(group * blocks_per_unit_group + column), place,
                                         place.chain + std::uint32_t(row), side);
    }
};

// x = beta (bias + sum); between a base rate and the machine: (1 - beta) base + beta (bias + sum).
template <class T>
struct Activation {
    const T* bias;
    Betas<T> betas{nullptr, true};
    const double* annealed = nullptr;  // one inverse temperature for all rows, in place of betas
    const T* base = nullptr;

    __device__ __forceinline__ T beta(std::int64_t row) const {
        return annealed != nullptr ? T(*annealed) : beta_of(betas, row);
    }
    __device__ __forceinline__ T operator()(T beta, std::int64_t unit, T sum) const {
        const T x = beta * (bias[unit] + sum);
        return base != nullptr ? x + T(1 - *annealed) * base[unit] : x;
    }
};

// What the hidden units of a row add to a free energy or to the weight of an annealed chain:
// sum of softplus(to a) - softplus(from a), one part a group of 64 units. With softplus(x) = max(x, 0) +
// log(1 + e^-|x|), the linear part goes to float64 and one logarithm takes a product of factors in (1, 2].
struct RowShare {
    double* part = nullptr;  // (groups, rows); null: not asked for
    const double* from = nullptr;
    const double* to = nullptr;  // both null: softplus(a)
    std::int64_t n_rows = 0;

    // The 16 lanes of the row take part; units beyond the last have a = -infinity.
    template <class T>
    __device__ __forceinline__ void add(const UnitQuad& units, const T (&a)[4]) const {
        const double low = from != nullptr ? *from : 0.0, high = to != nullptr ? *to : 1.0;
        T positive = 0, ratio = 1;
#pragma unroll
        for (int k = 0; k < 4; ++k) {
            const T magnitude = a[k] < T(0) ? -a[k] : a[k];
            positive += a[k] > T(0) ? a[k] : (a[k] == a[k] ? T(0) : a[k]);
            ratio *= T(1) + factor(magnitude, T(high));
            if (from != nullptr) ratio /= T(1) + factor(magnitude, T(low));
        }
        double share = (high - low) * double(positive) + double(gibbsite::log(ratio));
        const unsigned lanes = 0xffffu << (threadIdx.x & 16);
#pragma unroll
        for (int offset = 8; offset > 0; offset /= 2) share += __shfl_xor_sync(lanes, share, offset, 16);
        if (units.column == 0) part[units.group * n_rows + units.row] = share;
    }

private:
    // e^-(beta magnitude), and none where there is no unit, even at beta = 0
    template <class T>
    __device__ __forceinline__ static T factor(T magnitude, T beta) {
        return magnitude < std::numeric_limits<T>::infinity() || magnitude != magnitude
                   ? gibbsite::exp(T(-beta * magnitude))
                   : T(0);
    }
};

// Binary units. Probabilities, states, clamp and shares may be null.
template <class T>
struct BinaryFinish {
    Activation<T> activation;
    std::int64_t n_units;
    Side side;
    SweepPlace place{};
    T* probabilities = nullptr;
    std::uint8_t* states = nullptr;
    const std::uint8_t* clamp = nullptr;
    RowShare share{};

    __device__ __forceinline__ void operator()(const UnitQuad& units, const T (&sum)[4]) const {
        if (share.part != nullptr) add_share(units, sum);
        if (probabilities == nullptr && states == nullptr) return;
        const T beta = activation.beta(units.row);
        PhiloxWords<std::uint64_t> words{};
        if (states != nullptr) words = units.words(place, side);
#pragma unroll
        for (int k = 0; k < 4; ++k) {
            const std::int64_t unit = units.unit(k), at = units.row * n_units + unit;
            if (unit >= n_units) continue;
            const T x = activation(beta, unit, sum[k]);
            if (probabilities != nullptr) probabilities[at] = logistic(x);
            if (states != nullptr && (clamp == nullptr || clamp[at] == 0))
                states[at] = unit_is_on(unit_uniform(std::uint32_t(words.word[k]), T{}), x) ? 1 : 0;
        }
    }

private:
    __device__ __forceinline__ void add_share(const UnitQuad& units, const T (&sum)[4]) const {
        T a[4];
#pragma unroll
        for (int k = 0; k < 4; ++k) {
            const std::int64_t unit = units.unit(k);
            a[k] = unit < n_units ? activation.bias[unit] + sum[k] : -std::numeric_limits<T>::infinity();
        }
        share.add(units, a);
    }
};

// Units that are numbers: activations as they are, and where `values` is given, draws about them with variance
// variance / narrowing. Activations, values and clamp may be null.
template <class T>
struct RealFinish {
    Activation<T> activation;
    std::int64_t n_units;
    T* activations = nullptr;
    T* values = nullptr;
    const std::uint8_t* clamp = nullptr;
    const T* variance = nullptr;
    Betas<T> narrowing{nullptr, true};
    SweepPlace place{};

    __device__ __forceinline__ void operator()(const UnitQuad& units, const T (&sum)[4]) const {
        const T beta = activation.beta(units.row);
        T normal[4] = {}, scale = 0;
        if (values != nullptr) {
            draw(units, normal);
            scale = T(1) / beta_of(narrowing, units.row);
        }
#pragma unroll
        for (int k = 0; k < 4; ++k) {
            const std::int64_t unit = units.unit(k), at = units.row * n_units + unit;
            if (unit >= n_units) continue;
            const T x = activation(beta, unit, sum[k]);
            if (activations != nullptr) activations[at] = x;
            if (values != nullptr && (clamp == nullptr || clamp[at] == 0))
                values[at] = x + sqrt(variance[unit] * scale) * normal[k];
        }
    }

private:
    __device__ __forceinline__ void draw(const UnitQuad& units, T (&normal)[4]) const {
        const auto words = units.words(place, Side::visible);
#pragma unroll
        for (int k = 0; k < 4; k += 2)
            box_muller(unit_radius(std::uint32_t(words.word[k]), T{}), unit_turn(std::uint32_t(words.word[k + 1]), T{}),
                       normal[k], normal[k + 1], SquareRoot{});
    }
};

}  // namespace gibbsite::cuda

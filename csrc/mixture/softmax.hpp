// From log densities to responsibilities, in place, and the log density of each row: log-sum-exp by the maximum.
// Host only.
#pragma once

#include "core/vecmath.hpp"
#include "mixture/block.hpp"

namespace gibbsite {
namespace {

template <class T>
GIBBSITE_HD Simd<T> largest_component(const T* density, std::int64_t k) {
    Simd<T> maximum = load(density);
    for (std::int64_t c = 1; c < k; ++c) maximum = larger(load(density + c * block_rows<T>), maximum);
    return maximum;
}

// Replaces densities by exp(density - maximum) and returns their sum, between 1 and K.
template <class T>
GIBBSITE_HD Simd<T> exponentiate(T* density, std::int64_t k, Simd<T> maximum) {
    Simd<T> sum{};
    for (std::int64_t c = 0; c < k; ++c) {
        const Simd<T> term = exp_nonpositive(Simd<T>(load(density + c * block_rows<T>) - maximum));
        store(density + c * block_rows<T>, term);
        sum += term;
    }
    return sum;
}

template <class T>
GIBBSITE_HD void scale_components(T* terms, std::int64_t k, Simd<T> factor) {
    for (std::int64_t c = 0; c < k; ++c) {
        T* at = terms + c * block_rows<T>;
        store(at, load(at) * factor);
    }
}

// How many sums between 1 and K can be multiplied before they could overflow: their logarithms are taken together.
template <class T>
std::int64_t product_length(std::int64_t k) {
    int bits = 1;
    while ((std::int64_t(1) << bits) < k) ++bits;
    return (sizeof(T) == 4 ? 120 : 1000) / bits;
}

// Log likelihood of rows that all have weight one: the log of a product in place of a sum of logs.
template <class T>
class LogLikelihood {
public:
    explicit LogLikelihood(std::int64_t k) : length_(product_length<T>(k)), left_(length_) {}

    void add(Simd<T> maximum, Simd<T> sum) {
        maxima_ += maximum;
        product_ *= sum;
        if (--left_ == 0) flush();
    }

    double total() {
        flush();
        return double(sum_of_lanes<T>(maxima_)) + double(sum_of_lanes<T>(logs_));
    }

private:
    void flush() {
        logs_ += log_positive(product_);
        product_ = broadcast<Simd<T>>(T(1));
        left_ = length_;
    }

    Simd<T> maxima_{}, logs_{}, product_ = broadcast<Simd<T>>(T(1));
    std::int64_t length_, left_;
};

// Log densities of one vector of rows become exp(density - maximum); returns the maximum and the sum of the terms.
template <class T>
struct Terms {
    Simd<T> maximum, sum;
};

template <class T>
GIBBSITE_HD Terms<T> take_exponentials(T* density, std::int64_t k) {
    if (k == 2) {  // the larger term is 1: one exponential serves both
        const Simd<T> a = load(density), b = load(density + block_rows<T>), one = broadcast<Simd<T>>(T(1));
        const auto a_is_larger = a > b;
        const Simd<T> maximum = a_is_larger ? a : b;
        const Simd<T> smaller_term = exp_nonpositive(Simd<T>((a_is_larger ? b : a) - maximum));
        store(density, a_is_larger ? one : smaller_term);
        store(density + block_rows<T>, a_is_larger ? smaller_term : one);
        return {maximum, one + smaller_term};
    }
    const Simd<T> maximum = largest_component(density, k);
    return {maximum, exponentiate(density, k, maximum)};
}

// density becomes responsibility times sample weight. Returns the block's weighted log likelihood.
template <class T>
double responsibilities_of_block(const Block<T>& block, std::int64_t k, T* density) {
    constexpr int lanes = lane_count<T>;
    const auto one = broadcast<Simd<T>>(T(1));
    const std::int64_t n = block.vectors() * lanes;
    LogLikelihood<T> unweighted(k);
    double weighted = 0;
    for (std::int64_t i = 0; i < n; i += lanes) {
        block.prefetch_next(i);
        const auto [maximum, sum] = take_exponentials(density + i, k);
        if (block.is_unweighted) {
            unweighted.add(maximum, sum);
            scale_components(density + i, k, Simd<T>(one / sum));
        } else {
            const Simd<T> weight = load(block.weight + i);
            // A row of weight zero adds nothing, even where its density is not finite.
            const Simd<T> term = weight == T(0) ? Simd<T>{} : Simd<T>((maximum + log_positive(sum)) * weight);
            for (int lane = 0; lane < lanes; ++lane) weighted += double(term[lane]);
            scale_components(density + i, k, Simd<T>(weight / sum));
        }
    }
    return block.is_unweighted ? unweighted.total() : weighted;
}

// As take_exponentials, with the densities left as they are.
template <class T>
GIBBSITE_HD Terms<T> sum_of_exponentials(const T* density, std::int64_t k) {
    const Simd<T> maximum = largest_component(density, k);
    if (k == 2) {
        const Simd<T> a = load(density), b = load(density + block_rows<T>);
        const Simd<T> smaller_one = a > b ? b : a;
        return {maximum, exp_nonpositive(Simd<T>(smaller_one - maximum)) + T(1)};
    }
    Simd<T> sum{};
    for (std::int64_t c = 0; c < k; ++c) sum += exp_nonpositive(Simd<T>(load(density + c * block_rows<T>) - maximum));
    return {maximum, sum};
}

// The log density of each row, to out[row].
template <class T>
void log_density_of_block(const Block<T>& block, std::int64_t k, const T* density, T* out) {
    constexpr int lanes = lane_count<T>;
    for (std::int64_t i = 0; i < block.vectors() * lanes; i += lanes) {
        block.prefetch_next(i);
        const auto [maximum, sum] = sum_of_exponentials(density + i, k);
        store(out + i, maximum + log_positive(sum));
    }
}

}  // namespace
}  // namespace gibbsite

// Where the responsibilities of a block come from: a model's densities, or what the caller gives. Host only.
#pragma once

#include "mixture/log_density.hpp"
#include "mixture/softmax.hpp"

namespace gibbsite {
namespace {

// Either responsibilities (N, K), or labels (N), or neither: then the model says.
template <class T>
struct Given {
    const T* responsibilities = nullptr;
    const std::int64_t* labels = nullptr;
    bool any() const { return responsibilities || labels; }
};

// One block's working memory: rows, r (K, block_rows), distances for spherical models, and what the densities need.
template <class T>
struct Workspace {
    T* block;
    T* r;
    T* distance;
    T* density_scratch;
    double* moment_scratch;

    static std::size_t bytes(const Shape& shape, std::int64_t moment_doubles) {
        return std::size_t(elements(shape) + 64) * sizeof(T) + std::size_t(moment_doubles) * sizeof(double);
    }

    Workspace(void* memory, const Shape& shape) {
        block = static_cast<T*>(memory);
        r = block + block_size<T>(shape.n_features);
        distance = r + shape.n_components * block_rows<T>;
        density_scratch = distance + distance_size(shape);
        T* end = static_cast<T*>(memory) + round_up(elements(shape), 64);
        moment_scratch = reinterpret_cast<double*>(end);
    }

private:
    static std::int64_t distance_size(const Shape& shape) {
        return shape.covariance_type == CovarianceType::spherical ? shape.n_components * block_rows<T> : 0;
    }
    static std::int64_t elements(const Shape& shape) {
        return block_size<T>(shape.n_features) + shape.n_components * block_rows<T> + distance_size(shape) +
               density_scratch_size<T>(shape);
    }
};

// r = given responsibilities times sample weight, one row a lane.
template <class T>
void given_responsibilities(const Given<T>& given, const Block<T>& block, std::int64_t first, std::int64_t k, T* r) {
    constexpr std::int64_t size = block_rows<T>;
    const std::int64_t n = block.vectors() * lane_count<T>;
    if (given.responsibilities) {
        transpose_rows(given.responsibilities + first * k, block.count, k, r, size);
        for (std::int64_t c = 0; c < k; ++c)
            for (std::int64_t i = 0; i < n; ++i) r[c * size + i] *= block.weight[i];
        return;
    }
    for (std::int64_t c = 0; c < k; ++c)
        for (std::int64_t i = 0; i < n; ++i) r[c * size + i] = T(0);
    for (std::int64_t i = 0; i < block.count; ++i) {
        const std::int64_t label = given.labels[first + i];
        if (label >= 0 && label < k) r[label * size + i] = block.weight[i];
    }
}

// Fills work.r (and work.distance for spherical models); returns the block's log likelihood, 0 for given ones.
template <class T>
double fill_responsibilities(const Model<T>& model, const Given<T>& given, const Block<T>& block, std::int64_t first,
                             const Workspace<T>& work) {
    const std::int64_t k = model.shape.n_components;
    if (!given.any()) {
        log_densities(model, block, work.density_scratch, work.distance, work.r);
        return responsibilities_of_block(block, k, work.r);
    }
    if (model.shape.covariance_type == CovarianceType::spherical)
        squared_distances<T>(block.centred, block.vectors(), k, model.shape.n_features, nullptr, model.shifted,
                             work.distance);
    given_responsibilities(given, block, first, k, work.r);
    return 0;
}

template <class T>
double total_weight(const Rows<T>& rows) {
    if (!rows.weight) return double(rows.n_rows);
    double total = 0;
    for (std::int64_t i = 0; i < rows.n_rows; ++i) total += double(rows.weight[i]);
    return total;
}

// A model that stands only for its means: what given responsibilities need.
template <class T>
Gaussians<T> means_only(const T* means, const T* ones, const Shape& shape) {
    return {nullptr, means, ones, shape.n_components, shape.covariance_type};
}

}  // namespace
}  // namespace gibbsite

#pragma once

#include "core/variants.hpp"
#include "mixture/api.hpp"

namespace gibbsite {

// The host kernels of one instruction set, one table a source file.
template <class T>
struct DensityTable {
    decltype(&cpu::log_prob<T>) log_prob;
    decltype(&cpu::responsibilities<T>) responsibilities;
    decltype(&cpu::log_density<T>) log_density;
    decltype(&cpu::predict<T>) predict;
};
GIBBSITE_DECLARE_VARIANTS(DensityTable<float>, density_float)
GIBBSITE_DECLARE_VARIANTS(DensityTable<double>, density_double)

template <class T>
struct StatisticsTable {
    decltype(&cpu::em_step<T>) em_step;
    decltype(&cpu::statistics<T>) statistics;
};
// Diagonal, spherical and tied covariances, and full ones of few features.
GIBBSITE_DECLARE_VARIANTS(StatisticsTable<float>, statistics_float)
GIBBSITE_DECLARE_VARIANTS(StatisticsTable<double>, statistics_double)
// Full covariances.
GIBBSITE_DECLARE_VARIANTS(StatisticsTable<float>, full_statistics_float)
GIBBSITE_DECLARE_VARIANTS(StatisticsTable<double>, full_statistics_double)

template <class T>
struct MaximisationTable {
    decltype(&cpu::m_step<T>) m_step;
    decltype(&cpu::sample<T>) sample;
};
GIBBSITE_DECLARE_VARIANTS(MaximisationTable<float>, maximisation_float)
GIBBSITE_DECLARE_VARIANTS(MaximisationTable<double>, maximisation_double)

struct MergeTable {
    decltype(&cpu::merge) merge;
};
GIBBSITE_DECLARE_VARIANTS(MergeTable, merge_table)

template <class T>
struct KmeansTable {
    decltype(&cpu::kmeans_step<T>) kmeans_step;
    decltype(&cpu::candidate_distances<T>) candidate_distances;
};
GIBBSITE_DECLARE_VARIANTS(KmeansTable<float>, kmeans_float)
GIBBSITE_DECLARE_VARIANTS(KmeansTable<double>, kmeans_double)

}  // namespace gibbsite

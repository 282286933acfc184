// The kernels of the noun `mcmc`, as each back end implements them. Every array is row-major and contiguous; C chains
// of D dimensions. logp and everything that decides about a move is float64 whatever T is.
#pragma once

#include <cstddef>

#include "core/context.hpp"

namespace gibbsite {

enum class TargetKind : int {
    function,
    multivariate_normal,
    logistic_regression,
    linear_regression,
    gaussian_mixture,
    student_t,
    funnel,
    rosenbrock
};

// A user's density: writes the log density and its gradient (never null). 0: done; positive: not defined here, the log
// density is minus infinity; negative: stop everything.
using LogDensityFunction = int (*)(std::size_t dim, const double* q, double* grad, double* logp, void* user_data);

// What `sizes` and `data` hold is said at each density in targets.hpp.
template <class T>
struct Target {
    TargetKind kind;
    std::int64_t sizes[4];
    const T* data;
    LogDensityFunction function;
    void* user_data;
    std::int64_t dim;
};

template <class T>
struct States {
    T* q;          // (C, D)
    double* logp;  // (C)
    T* grad;       // (C, D); null where a kernel needs none
    std::int64_t n_chains;
};

enum class MassKind : int { shared_diagonal, own_diagonal, dense };

// The inverse mass matrix: (D), (C, D) or (D, D). dense: factor is its lower Cholesky factor, where momenta are drawn.
template <class T>
struct Metric {
    MassKind kind;
    T* inverse_mass;  // written only where adaptation is given
    const T* factor;
};

// Where the random numbers of a call begin: the first chain and the first draw.
struct ChainPlace {
    std::uint64_t seed;
    std::uint32_t chain;
    std::uint32_t draw;
};

// What is kept of n_draws draws: every `thin`-th. Each array may be null.
template <class T>
struct Record {
    T* draws;      // (C, n_draws / thin, D)
    double* lp;    // (C, n_draws / thin)
    double* info;  // (C, n_draws / thin, size of the kernel's info)
    std::int64_t n_draws;
    std::int64_t thin;
};

// [code, chain in the batch, absolute draw, 0] of a density that returned a negative code; zeros otherwise.
constexpr int status_size = 4;

template <class T>
struct Metropolis {
    const T* scale;   // (C)
    const T* factor;  // null: the identity; (D): diagonal; (D, D): lower L
    bool factor_is_dense;
    double* acceptance;  // (C)
};

// Warm-up: adaptation.hpp says what the state holds. A null state: none.
struct Adaptation {
    double* state;  // (C, adaptation_size(D))
    std::int64_t n_warmup, early_end, late_begin;
    double target_accept;
};

template <class T>
struct Hamiltonian {
    Metric<T> metric;
    double* step_size;  // (C)
    double max_energy_error;
    Adaptation adaptation;
};

struct Lengths {
    const std::int64_t* n_leapfrog;  // (C)
    double jitter;
};

constexpr int hmc_info_size = 3;   // acceptance_rate, energy, diverging
constexpr int nuts_info_size = 5;  // and tree_depth, n_steps

namespace GIBBSITE_BACKEND {

std::int64_t adaptation_size(std::int64_t dim);

// states.logp and, unless null, states.grad are written
template <class T>
void log_density(const States<T>& states, const Target<T>& target, std::int64_t* status, Context context);

template <class T>
void metropolis(const States<T>& states, const Target<T>& target, const Metropolis<T>& sampler, const ChainPlace& place,
                const Record<T>& record, std::int64_t* status, Context context);

template <class T>
void leapfrog(const States<T>& states, T* p, const Target<T>& target, const Metric<T>& metric, const double* step_size,
              const std::int64_t* n_steps, std::int64_t* status, Context context);

template <class T>
void hmc(const States<T>& states, const Target<T>& target, const Hamiltonian<T>& sampler, const Lengths& lengths,
         const ChainPlace& place, const Record<T>& record, std::int64_t* status, Context context);

// divergence (C, 3, D) or null: where the last divergent step of each chain began and ended, and its first momentum
template <class T>
void nuts(const States<T>& states, const Target<T>& target, const Hamiltonian<T>& sampler, std::int64_t max_depth,
          const ChainPlace& place, const Record<T>& record, T* divergence, std::int64_t* status, Context context);

}  // namespace GIBBSITE_BACKEND

}  // namespace gibbsite

// The kernels of the noun `rbm`, as each back end implements them. Every array is row-major and contiguous.
#pragma once

#include "core/context.hpp"
#include "rbm/units.hpp"

namespace gibbsite {

enum class VisibleKind { bernoulli, gaussian, categorical };

// A machine of H hidden and D visible units with energy
//   bernoulli, categorical:  E(v, h) = -h W v - b v - c h
//   gaussian:                E(v, h) = sum_j (v_j - b_j)^2 / (2 s_j) - sum_ij h_i W_ij v_j / s_j - c h
// (s: variances; Cho, Ilin & Raiko 2011). Groups of a categorical machine: units group[g] to group[g + 1] - 1, of which
// one is on. `panels` is W once more in the order in which the host reads it (panels.hpp); null: made for the call.
template <class T>
struct Machine {
    const T* weights;   // W (H, D)
    const T* visible;   // b (D)
    const T* hidden;    // c (H)
    const T* variance;  // (D), gaussian only
    const std::int64_t* groups;
    std::int64_t n_groups;
    std::int64_t n_hidden;
    std::int64_t n_visible;
    const T* panels;

    VisibleKind kind() const {
        return variance ? VisibleKind::gaussian : groups ? VisibleKind::categorical : VisibleKind::bernoulli;
    }
};

// N rows of states: bytes of 0 and 1, or numbers.
template <class T>
struct States {
    const std::uint8_t* bytes;  // exactly one of the two is given
    const T* numbers;
    std::int64_t n_rows;
};

// Inverse temperatures: one for all (is_shared) or one a chain; null: 1.
template <class T>
struct Betas {
    const T* value;
    bool is_shared;
};

template <class T>
GIBBSITE_HD T beta_of(const Betas<T>& betas, std::int64_t chain) {
    return betas.value ? betas.value[betas.is_shared ? 0 : chain] : T(1);
}

// A batch of chains and what a run of sweeps writes. from_hidden: a sweep draws v, then h; else h, then v.
template <class T>
struct Chains {
    std::uint8_t* visible_bytes;  // (N, D): bernoulli and categorical
    T* visible_numbers;           // (N, D): gaussian
    std::uint8_t* hidden;         // (N, H)
    T* hidden_probabilities;      // (N, H) or null: p(h | v) of the last v
    T* visible_probabilities;     // (N, D) or null: p(v | h) (gaussian: means) from which the last v was drawn
    const std::uint8_t* clamp;    // (N, D) or null: visible units that keep their value
    Betas<T> betas;
    std::int64_t n_chains;
    std::int64_t n_sweeps;
    bool from_hidden;
};

// Both halves of a gradient: states under the data (with weights, or null) and under the model.
template <class T>
struct Phases {
    States<T> data;
    const T* data_hidden;  // (N, H) probabilities
    const T* sample_weight;
    States<T> model;
    const T* model_hidden;    // (M, H)
    const T* visible_center;  // (D) or null, with hidden_center (H): the centred gradient (Melchior et al. 2016)
    const T* hidden_center;
};

template <class T>
struct Gradient {
    T* weights;       // (H, D)
    T* visible;       // (D)
    T* hidden;        // (H)
    T* log_variance;  // (D), gaussian only, else null
};

// What a step of gradient ascent changes in place; velocities are null without momentum.
template <class T>
struct Ascent {
    T *weights, *visible, *hidden;
    T *weights_velocity, *visible_velocity, *hidden_velocity;
    T* panels;  // null: none to keep current
    double learning_rate, momentum, l1, l2;
};

// Annealed chains: inverse temperatures betas[0] .. betas[n_steps], base-rate visible biases `base`.
template <class T>
struct Annealing {
    std::uint8_t* visible_bytes;
    T* visible_numbers;
    double* log_weight;  // (N), added to
    const T* base;       // (D)
    const double* betas;
    std::int64_t n_chains;
    std::int64_t n_steps;
    bool reverse;  // move at betas[k] before the weight from betas[k] to betas[k + 1], not after it at betas[k + 1]
};

namespace GIBBSITE_BACKEND {

// Elements of the panels of a machine; 0 where a back end has no use for them.
template <class T>
std::int64_t panels_size(std::int64_t n_hidden, std::int64_t n_visible);

template <class T>
void pack(const T* weights, std::int64_t n_hidden, std::int64_t n_visible, T* panels, Context context);

template <class T>
void hidden_probabilities(const States<T>& visible, const Machine<T>& machine, const Betas<T>& betas, T* out,
                          Context context);

// gaussian: the means
template <class T>
void visible_probabilities(const States<T>& hidden, const Machine<T>& machine, const Betas<T>& betas, T* out,
                           Context context);

template <class T>
void gibbs(const Chains<T>& chains, const Machine<T>& machine, const SweepPlace& place, Context context);

template <class T>
void gradient(const Phases<T>& phases, const Machine<T>& machine, const Gradient<T>& out, Context context);

template <class T>
void free_energy(const States<T>& visible, const Machine<T>& machine, T* out, Context context);

template <class T>
void ais_step(const Annealing<T>& annealing, const Machine<T>& machine, const SweepPlace& place, Context context);

// log Z by enumerating the hidden states, of which there are at most 2^30
template <class T>
void exact_log_partition(const Machine<T>& machine, double* out, Context context);

// norms: sums of squares of W, of its step, of b and c together, and of their steps
template <class T>
void update(const Ascent<T>& ascent, const T* weights_gradient, const T* visible_gradient, const T* hidden_gradient,
            std::int64_t n_hidden, std::int64_t n_visible, double* norms, Context context);

}  // namespace GIBBSITE_BACKEND

}  // namespace gibbsite

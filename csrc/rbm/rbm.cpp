// The host's kernels of Boltzmann machines: the copy for the instruction set in use.
#include "rbm/table.hpp"

namespace gibbsite {
namespace {

template <class T, class Float, class Double>
const auto& pick(const Float& single_precision, const Double& double_precision) {
    if constexpr (sizeof(T) == 4)
        return single_precision;
    else
        return double_precision;
}

template <class T>
const SweepTable<T>& sweeps() {
    return pick<T>(sweep_float(), sweep_double());
}

template <class T>
const LearningTable<T>& learning() {
    return pick<T>(learning_float(), learning_double());
}

template <class T>
const LikelihoodTable<T>& likelihoods() {
    return pick<T>(likelihood_float(), likelihood_double());
}

}  // namespace

namespace cpu {

template <class T>
std::int64_t panels_size(std::int64_t n_hidden, std::int64_t n_visible) {
    return sweeps<T>().panels_size(n_hidden, n_visible);
}

template <class T>
void pack(const T* weights, std::int64_t n_hidden, std::int64_t n_visible, T* panels, Context context) {
    sweeps<T>().pack(weights, n_hidden, n_visible, panels, context);
}

template <class T>
void hidden_probabilities(const States<T>& visible, const Machine<T>& machine, const Betas<T>& betas, T* out,
                          Context context) {
    sweeps<T>().hidden_probabilities(visible, machine, betas, out, context);
}

template <class T>
void visible_probabilities(const States<T>& hidden, const Machine<T>& machine, const Betas<T>& betas, T* out,
                           Context context) {
    sweeps<T>().visible_probabilities(hidden, machine, betas, out, context);
}

template <class T>
void gibbs(const Chains<T>& chains, const Machine<T>& machine, const SweepPlace& place, Context context) {
    sweeps<T>().gibbs(chains, machine, place, context);
}

template <class T>
void gradient(const Phases<T>& phases, const Machine<T>& machine, const Gradient<T>& out, Context context) {
    learning<T>().gradient(phases, machine, out, context);
}

template <class T>
void update(const Ascent<T>& ascent, const T* weights_gradient, const T* visible_gradient, const T* hidden_gradient,
            std::int64_t n_hidden, std::int64_t n_visible, double* norms, Context context) {
    learning<T>().update(ascent, weights_gradient, visible_gradient, hidden_gradient, n_hidden, n_visible, norms,
                         context);
}

template <class T>
void free_energy(const States<T>& visible, const Machine<T>& machine, T* out, Context context) {
    likelihoods<T>().free_energy(visible, machine, out, context);
}

template <class T>
void ais_step(const Annealing<T>& annealing, const Machine<T>& machine, const SweepPlace& place, Context context) {
    likelihoods<T>().ais_step(annealing, machine, place, context);
}

template <class T>
void exact_log_partition(const Machine<T>& machine, double* out, Context context) {
    likelihoods<T>().exact_log_partition(machine, out, context);
}

#define GIBBSITE_INSTANTIATE(T)                                                                               \
    template std::int64_t panels_size<T>(std::int64_t, std::int64_t);                                         \
    template void pack(const T*, std::int64_t, std::int64_t, T*, Context);                                    \
    template void hidden_probabilities(const States<T>&, const Machine<T>&, const Betas<T>&, T*, Context);    \
    template void visible_probabilities(const States<T>&, const Machine<T>&, const Betas<T>&, T*, Context);   \
    template void gibbs(const Chains<T>&, const Machine<T>&, const SweepPlace&, Context);                     \
    template void gradient(const Phases<T>&, const Machine<T>&, const Gradient<T>&, Context);                 \
    template void update(const Ascent<T>&, const T*, const T*, const T*, std::int64_t, std::int64_t, double*, \
                         Context);                                                                            \
    template void free_energy(const States<T>&, const Machine<T>&, T*, Context);                              \
    template void ais_step(const Annealing<T>&, const Machine<T>&, const SweepPlace&, Context);               \
    template void exact_log_partition(const Machine<T>&, double*, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace cpu
}  // namespace gibbsite

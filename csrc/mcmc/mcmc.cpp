// The host's samplers: the copy for the instruction set in use.
#include <chrono>

#include "mcmc/adaptation.hpp"
#include "mcmc/table.hpp"

namespace gibbsite {

double now_in_seconds() {
    return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

namespace {

template <class T, class Float, class Double>
const auto& pick(const Float& single_precision, const Double& double_precision) {
    if constexpr (sizeof(T) == 4)
        return single_precision;
    else
        return double_precision;
}

void clear(std::int64_t* status) {
    for (int i = 0; i < status_size; ++i) status[i] = 0;
}

}  // namespace

namespace cpu {

std::int64_t adaptation_size(std::int64_t dim) { return adaptation_values(dim); }

template <class T>
void log_density(const States<T>& states, const Target<T>& target, std::int64_t* status, Context context) {
    clear(status);
    pick<T>(metropolis_float(), metropolis_double()).log_density(states, target, status, context);
}

template <class T>
void metropolis(const States<T>& states, const Target<T>& target, const Metropolis<T>& sampler, const ChainPlace& place,
                const Record<T>& record, std::int64_t* status, Context context) {
    clear(status);
    pick<T>(metropolis_float(), metropolis_double())
        .metropolis(states, target, sampler, place, record, status, context);
}

template <class T>
void leapfrog(const States<T>& states, T* p, const Target<T>& target, const Metric<T>& metric, const double* step_size,
              const std::int64_t* n_steps, std::int64_t* status, Context context) {
    clear(status);
    pick<T>(hamiltonian_float(), hamiltonian_double())
        .leapfrog(states, p, target, metric, step_size, n_steps, status, context);
}

template <class T>
void hmc(const States<T>& states, const Target<T>& target, const Hamiltonian<T>& sampler, const Lengths& lengths,
         const ChainPlace& place, const Record<T>& record, std::int64_t* status, Context context) {
    clear(status);
    pick<T>(hamiltonian_float(), hamiltonian_double())
        .hmc(states, target, sampler, lengths, place, record, status, context);
}

template <class T>
void nuts(const States<T>& states, const Target<T>& target, const Hamiltonian<T>& sampler, std::int64_t max_depth,
          const ChainPlace& place, const Record<T>& record, T* divergence, std::int64_t* status, Context context) {
    clear(status);
    pick<T>(nuts_float(), nuts_double())
        .nuts(states, target, sampler, max_depth, place, record, divergence, status, context);
}

#define GIBBSITE_INSTANTIATE(T)                                                                                     \
    template void log_density(const States<T>&, const Target<T>&, std::int64_t*, Context);                          \
    template void metropolis(const States<T>&, const Target<T>&, const Metropolis<T>&, const ChainPlace&,           \
                             const Record<T>&, std::int64_t*, Context);                                             \
    template void leapfrog(const States<T>&, T*, const Target<T>&, const Metric<T>&, const double*,                 \
                           const std::int64_t*, std::int64_t*, Context);                                            \
    template void hmc(const States<T>&, const Target<T>&, const Hamiltonian<T>&, const Lengths&, const ChainPlace&, \
                      const Record<T>&, std::int64_t*, Context);                                                    \
    template void nuts(const States<T>&, const Target<T>&, const Hamiltonian<T>&, std::int64_t, const ChainPlace&,  \
                       const Record<T>&, T*, std::int64_t*, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace cpu
}  // namespace gibbsite

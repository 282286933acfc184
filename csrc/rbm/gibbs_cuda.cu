// Probabilities of one side given the other, and Gibbs sweeps: two launches each (three with categorical units), queued
// back to back.
#include "rbm/sweep.cuh"

namespace gibbsite::cuda {

template <class T>
std::int64_t panels_size(std::int64_t, std::int64_t) {
    return 0;
}

// W is read as it is.
template <class T>
void pack(const T*, std::int64_t, std::int64_t, T*, Context) {}

template <class T>
void hidden_probabilities(const States<T>& visible, const Machine<T>& machine, const Betas<T>& betas, T* out,
                          Context context) {
    const HalfSweeps<T> sweeps(machine, 0, stream_of(context));
    BinaryFinish<T> finish = sweeps.hidden_finish(betas);
    finish.probabilities = out;
    sweeps.to_hidden(visible, finish);
}

template <class T>
void visible_probabilities(const States<T>& hidden, const Machine<T>& machine, const Betas<T>& betas, T* out,
                           Context context) {
    const HalfSweeps<T> sweeps(machine, 0, stream_of(context));
    sweeps.to_visible(hidden, betas, {out}, {});
}

template <class T>
void gibbs(const Chains<T>& chains, const Machine<T>& machine, const SweepPlace& start, Context context) {
    if (chains.n_chains == 0) return;
    const HalfSweeps<T> sweeps(machine, chains.n_chains, stream_of(context));
    const States<T> visible{chains.visible_bytes, chains.visible_numbers, chains.n_chains};
    const States<T> hidden{chains.hidden, nullptr, chains.n_chains};
    SweepPlace place = start;
    const auto draw_hidden = [&](T* probabilities, std::uint8_t* states) {
        BinaryFinish<T> finish = sweeps.hidden_finish(chains.betas);
        finish.place = place;
        finish.probabilities = probabilities;
        finish.states = states;
        sweeps.to_hidden(visible, finish);
    };
    for (std::int64_t sweep = 0; sweep < chains.n_sweeps; ++sweep, ++place.sweep) {
        const bool last = sweep + 1 == chains.n_sweeps;
        if (!chains.from_hidden) draw_hidden(nullptr, chains.hidden);
        sweeps.to_visible(
            hidden, chains.betas,
            {last ? chains.visible_probabilities : nullptr, chains.visible_bytes, chains.visible_numbers, chains.clamp},
            place);
        if (chains.from_hidden) draw_hidden(last ? chains.hidden_probabilities : nullptr, chains.hidden);
    }
    if (chains.hidden_probabilities != nullptr && !chains.from_hidden)
        draw_hidden(chains.hidden_probabilities, nullptr);
}

#define GIBBSITE_INSTANTIATE(T)                                                                             \
    template std::int64_t panels_size<T>(std::int64_t, std::int64_t);                                       \
    template void pack(const T*, std::int64_t, std::int64_t, T*, Context);                                  \
    template void hidden_probabilities(const States<T>&, const Machine<T>&, const Betas<T>&, T*, Context);  \
    template void visible_probabilities(const States<T>&, const Machine<T>&, const Betas<T>&, T*, Context); \
    template void gibbs(const Chains<T>&, const Machine<T>&, const SweepPlace&, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda

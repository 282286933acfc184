// Half sweeps, and runs of them, in batches of rows. Compiled once per instruction set.
#include "rbm/batch.hpp"
#include "rbm/table.hpp"

namespace gibbsite {
namespace {

template <class T>
void hidden_probabilities(const States<T>& visible, const Machine<T>& machine, const Betas<T>& betas, T* out,
                          Context context) {
    Batch<T> batch(machine, visible.n_rows, visible_inputs(visible, machine), Inputs::none, context);
    for_batches(visible.n_rows, [&](std::int64_t first, std::int64_t n) {
        batch.to_hidden(visible, first, n, betas, row_of(out, first, machine.n_hidden), nullptr, {});
    });
}

template <class T>
void visible_probabilities(const States<T>& hidden, const Machine<T>& machine, const Betas<T>& betas, T* out,
                           Context context) {
    Batch<T> batch(machine, hidden.n_rows, Inputs::none, inputs_of(hidden), context);
    for_batches(hidden.n_rows, [&](std::int64_t first, std::int64_t n) {
        batch.to_visible(hidden, first, n, betas, {row_of(out, first, machine.n_visible)}, {});
    });
}

// All sweeps of one batch.
template <class T>
void run_sweeps(Batch<T>& batch, const Chains<T>& chains, const Machine<T>& machine, const SweepPlace& start,
                std::int64_t first, std::int64_t n) {
    const std::int64_t H = machine.n_hidden, D = machine.n_visible;
    const States<T> visible{chains.visible_bytes, chains.visible_numbers, chains.n_chains};
    const States<T> hidden{chains.hidden, nullptr, chains.n_chains};
    T* const hidden_out = row_of(chains.hidden_probabilities, first, H);
    SweepPlace place = start;
    place.chain += std::uint32_t(first);
    const auto draw_hidden = [&](T* probabilities, std::uint8_t* states) {
        batch.to_hidden(visible, first, n, chains.betas, probabilities, states, place);
    };
    for (std::int64_t sweep = 0; sweep < chains.n_sweeps; ++sweep, ++place.sweep) {
        const bool last = sweep + 1 == chains.n_sweeps;
        if (!chains.from_hidden) draw_hidden(nullptr, row_of(chains.hidden, first, H));
        const VisibleOut<T> out{last ? row_of(chains.visible_probabilities, first, D) : nullptr,
                                row_of(chains.visible_bytes, first, D), row_of(chains.visible_numbers, first, D),
                                row_of(chains.clamp, first, D)};
        batch.to_visible(hidden, first, n, chains.betas, out, place);
        if (chains.from_hidden) draw_hidden(last ? hidden_out : nullptr, row_of(chains.hidden, first, H));
    }
    if (hidden_out && !chains.from_hidden) draw_hidden(hidden_out, nullptr);
}

template <class T>
void gibbs(const Chains<T>& chains, const Machine<T>& machine, const SweepPlace& place, Context context) {
    const Inputs visible = machine.variance ? Inputs::values : Inputs::ones;
    Batch<T> batch(machine, chains.n_chains, visible, Inputs::ones, context);
    for_batches(chains.n_chains,
                [&](std::int64_t first, std::int64_t n) { run_sweeps(batch, chains, machine, place, first, n); });
}

template <class T>
std::int64_t panels_size(std::int64_t n_hidden, std::int64_t n_visible) {
    return PanelLayout<T>(n_hidden, n_visible).size();
}

template <class T>
constexpr SweepTable<T> table{panels_size<T>, pack_panels<T>, hidden_probabilities<T>, visible_probabilities<T>,
                              gibbs<T>};

}  // namespace

namespace GIBBSITE_ISA {
constinit const SweepTable<float> sweep_float = table<float>;
constinit const SweepTable<double> sweep_double = table<double>;
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite

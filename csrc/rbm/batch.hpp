// One batch of chains on one machine: lists of its active units, products, finishes. Host only.
#pragma once

#include "rbm/categorical.hpp"

namespace gibbsite {
namespace {

// How the states of a side come in, where they are the inputs of a product at all: active ones that count one each, or
// with values.
enum class Inputs { none, ones, values };

template <class T>
Inputs inputs_of(const States<T>& states) {
    return states.bytes ? Inputs::ones : Inputs::values;
}

// Visible units are divided by their variances.
template <class T>
Inputs visible_inputs(const States<T>& states, const Machine<T>& machine) {
    return machine.variance ? Inputs::values : inputs_of(states);
}

// Where the visible units of a batch go, from its first row on; each may be null.
template <class T>
struct VisibleOut {
    T* probabilities = nullptr;
    std::uint8_t* states = nullptr;
    T* values = nullptr;
    const std::uint8_t* clamp = nullptr;
};

// At most batch_rows rows at a time.
template <class T>
class Batch {
public:
    Batch(const Machine<T>& machine, std::int64_t n_rows, Inputs visible, Inputs hidden, Context context)
        : Batch(machine, n_rows, visible, hidden, context, [](Pieces&, std::int64_t) {}) {}

    // take_more(pieces, rows) takes what else the caller needs
    template <class Take>
    Batch(const Machine<T>& machine, std::int64_t n_rows, Inputs visible, Inputs hidden, Context context,
          Take take_more)
        : machine_(machine), work_(machine, n_rows, context) {
        const std::int64_t rows = n_rows < batch_rows ? n_rows : batch_rows;
        place_in_scratch([&](Pieces& pieces) {
            work_.take(pieces);
            if (visible != Inputs::none)
                visible_ = take_lists<T>(pieces, machine.n_visible, rows, visible == Inputs::values);
            if (hidden != Inputs::none)
                hidden_ = take_lists<T>(pieces, machine.n_hidden, rows, hidden == Inputs::values);
            take_more(pieces, rows);
            if (machine.groups) activations_ = pieces.take<T>(rows * whole_groups(machine.n_visible));
        });
    }

    // p(h | v) and draws from it; either output may be null, and points at the first row of the batch
    void to_hidden(const States<T>& visible, std::int64_t first, std::int64_t n, const Betas<T>& betas,
                   T* probabilities, std::uint8_t* states, const SweepPlace& place) {
        const Activation<T> activation{work_.hidden_bias, betas_from_row(betas, first), false};
        for_hidden(visible, first, n,
                   BinaryUnits<T>{activation, probabilities, states, nullptr, machine_.n_hidden, place, Side::hidden});
    }

    // finish(GroupSums) with the hidden units' sums over the visible states
    template <class Finish>
    void for_hidden(const States<T>& visible, std::int64_t first, std::int64_t n, const Finish& finish) {
        visible_.n_rows = n;
        list_states(visible, machine_.n_visible, first, machine_.variance, visible_, work_.threads);
        for_products(work_.to_hidden(), visible_, finish);
    }

    // p(v | h), gaussian: means, and draws from it
    void to_visible(const States<T>& hidden, std::int64_t first, std::int64_t n, const Betas<T>& betas,
                    const VisibleOut<T>& out, const SweepPlace& place) {
        const auto here = betas_from_row(betas, first);
        const Betas<T> unscaled{nullptr, true};
        const bool gaussian = machine_.kind() == VisibleKind::gaussian;
        to_visible(hidden, first, n, {work_.visible_bias, gaussian ? unscaled : here, false}, here, out, place);
    }

    // the same with activations of the caller's, and gaussian variances s / beta
    void to_visible(const States<T>& hidden, std::int64_t first, std::int64_t n, const Activation<T>& activation,
                    const Betas<T>& narrowing, const VisibleOut<T>& out, const SweepPlace& place) {
        hidden_.n_rows = n;
        list_states(hidden, machine_.n_hidden, first, static_cast<const T*>(nullptr), hidden_, work_.threads);
        const auto product = work_.to_visible();
        const std::int64_t D = machine_.n_visible;
        switch (machine_.kind()) {
            case VisibleKind::bernoulli:
                return for_products(
                    product, hidden_,
                    BinaryUnits<T>{activation, out.probabilities, out.states, out.clamp, D, place, Side::visible});
            case VisibleKind::gaussian:
                return for_products(product, hidden_,
                                    GaussianUnits<T>{activation, work_.variance, narrowing, out.probabilities,
                                                     out.values, out.clamp, D, place});
            case VisibleKind::categorical:
                for_products(product, hidden_, StoredActivations<T>{activation, activations_, whole_groups(D)});
                finish_groups(machine_, activations_, n, out.probabilities, out.states, out.clamp, place,
                              work_.threads);
        }
    }

    int threads() const { return work_.threads; }
    const T* hidden_bias() const { return work_.hidden_bias; }

private:
    const Machine<T>& machine_;
    Workspace<T> work_;
    ActiveLists<T> visible_{Tiling<T>(0), 0, 0, nullptr, nullptr, nullptr};
    ActiveLists<T> hidden_ = visible_;
    T* activations_ = nullptr;
};

// use(first, n) for every batch of rows
template <class Use>
void for_batches(std::int64_t n_rows, Use use) {
    for (std::int64_t first = 0; first < n_rows; first += batch_rows)
        use(first, n_rows - first < batch_rows ? n_rows - first : batch_rows);
}

template <class T>
T* row_of(T* array, std::int64_t row, std::int64_t n_units) {
    return array ? array + row * n_units : nullptr;
}

}  // namespace
}  // namespace gibbsite

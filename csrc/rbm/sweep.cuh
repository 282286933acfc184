// Half sweeps of a batch of chains: what a call prepares once, and the launches of either direction.
#pragma once

#include "core/scratch.cuh"
#include "rbm/product.cuh"

namespace gibbsite::cuda {

// out[i, j] = weights[i, j] / variance[j]: gaussian units enter the hidden activations so.
template <class T>
void divide_by_variance(const Machine<T>& machine, T* out, cudaStream_t stream);

// Softmax of each group of activations (rows, D), and the choice of a unit; probabilities (may be the activations
// themselves), states and clamp may be null.
template <class T>
void finish_groups(const Machine<T>& machine, const T* activations, std::int64_t n_rows, T* probabilities,
                   std::uint8_t* states, const std::uint8_t* clamp, const SweepPlace& place, cudaStream_t stream);

// Where visible units go; each may be null.
template <class T>
struct VisibleOut {
    T* probabilities = nullptr;
    std::uint8_t* states = nullptr;
    T* values = nullptr;
    const std::uint8_t* clamp = nullptr;
};

template <class T>
class HalfSweeps {
public:
    // most_draws: rows of which visible states will be drawn
    HalfSweeps(const Machine<T>& machine, std::int64_t most_draws, cudaStream_t stream)
        : machine_(machine),
          stream_(stream),
          scaled_(machine.variance != nullptr ? machine.n_hidden * machine.n_visible : no_elements, stream),
          activations_(machine.groups != nullptr ? most_draws * machine.n_visible : no_elements, stream) {
        if (machine.variance != nullptr) divide_by_variance(machine, scaled_.data(), stream);
    }

    // The finish of hidden units, for the caller to fill in.
    BinaryFinish<T> hidden_finish(const Betas<T>& betas) const {
        return {{machine_.hidden, betas}, machine_.n_hidden, Side::hidden};
    }
    void to_hidden(const States<T>& visible, const BinaryFinish<T>& finish) const {
        multiply(Product<T>{visible, machine_.variance != nullptr ? scaled_.data() : machine_.weights,
                            machine_.n_hidden, machine_.n_visible, true},
                 finish, stream_);
    }

    void to_visible(const States<T>& hidden, const Betas<T>& betas, const VisibleOut<T>& out,
                    const SweepPlace& place) const {
        const bool gaussian = machine_.kind() == VisibleKind::gaussian;
        to_visible(hidden, {machine_.visible, gaussian ? Betas<T>{nullptr, true} : betas}, betas, out, place);
    }
    // The same with activations of the caller's; gaussian variances are s / narrowing.
    void to_visible(const States<T>& hidden, const Activation<T>& activation, const Betas<T>& narrowing,
                    const VisibleOut<T>& out, const SweepPlace& place) const {
        const std::int64_t D = machine_.n_visible;
        const Product<T> product{hidden, machine_.weights, machine_.n_hidden, D, false};
        switch (machine_.kind()) {
            case VisibleKind::bernoulli:
                return multiply(
                    product,
                    BinaryFinish<T>{activation, D, Side::visible, place, out.probabilities, out.states, out.clamp},
                    stream_);
            case VisibleKind::gaussian:
                return multiply(product,
                                RealFinish<T>{activation, D, out.probabilities, out.values, out.clamp,
                                              machine_.variance, narrowing, place},
                                stream_);
            case VisibleKind::categorical:
                T* x = out.probabilities != nullptr ? out.probabilities : activations_.data();
                multiply(product, RealFinish<T>{activation, D, x}, stream_);
                finish_groups(machine_, x, hidden.n_rows, out.probabilities, out.states, out.clamp, place, stream_);
        }
    }

private:
    static constexpr std::int64_t no_elements = 0;

    Machine<T> machine_;
    cudaStream_t stream_;
    Scratch<T> scaled_, activations_;
};

}  // namespace gibbsite::cuda

// The memory of one call on a batch of rows: panels where none were given, filled-up biases, lists, the workers' sums.
// One piece of the calling thread's scratch, so that a call in a loop allocates nothing. Host only.
#pragma once

#include "rbm/finishes.hpp"

namespace gibbsite {
namespace {

constexpr std::int64_t batch_rows = 256;  // rows whose lists exist at a time

// Hands out 64-byte aligned pieces; with no memory it only counts.
class Pieces {
public:
    explicit Pieces(char* memory) : memory_(memory) {}

    template <class T>
    T* take(std::int64_t count) {
        char* piece = memory_ ? memory_ + used_ : nullptr;
        used_ += (std::size_t(count) * sizeof(T) + 63) / 64 * 64;
        return reinterpret_cast<T*>(piece);
    }
    std::size_t used() const { return used_; }

private:
    char* memory_;
    std::size_t used_ = 0;
};

// `place(Pieces&)` takes what it needs; it is run once to count and once to place.
template <class Place>
void place_in_scratch(Place place) {
    Pieces counted(nullptr);
    place(counted);
    Pieces placed(static_cast<char*>(thread_scratch(counted.used())));
    place(placed);
}

inline std::int64_t whole_groups(std::int64_t n) {
    return (n + units_per_group - 1) / units_per_group * units_per_group;
}

// A copy filled up with zeros to whole groups of 64; null stays null.
template <class T>
const T* filled_up(const T* values, std::int64_t n, T* memory) {
    if (!values || !memory) return nullptr;
    memcpy(memory, values, std::size_t(n) * sizeof(T));
    memset(memory + n, 0, std::size_t(whole_groups(n) - n) * sizeof(T));
    return memory;
}

template <class T>
ActiveLists<T> take_lists(Pieces& pieces, std::int64_t n_inputs, std::int64_t n_rows, bool with_values) {
    const Tiling<T> tiling(n_inputs);
    const std::int64_t capacity = ActiveLists<T>::capacity_of(tiling), n_lists = tiling.n_tiles * n_rows;
    return {tiling,
            n_rows,
            capacity,
            pieces.take<std::uint16_t>(n_lists * capacity),
            pieces.take<std::uint16_t>(n_lists),
            with_values ? pieces.take<T>(n_lists * capacity) : nullptr};
}

// Multiply-adds of a dense product below which a second thread costs more than it brings.
constexpr std::int64_t fewest_for_threads = 1 << 21;

// How many threads products of one batch of n_rows states with a machine of this size are worth.
inline int threads_worth(Context context, std::int64_t n_rows, std::int64_t n_hidden, std::int64_t n_visible) {
    if (n_rows * n_hidden * n_visible < fewest_for_threads) return 1;
    return threads_for(int(context.value), n_rows * (n_hidden + n_visible));
}

// What half sweeps of a machine need.
template <class T>
struct Workspace {
    const Machine<T>& machine;
    PanelLayout<T> layout;
    int threads;
    const T* panels = nullptr;
    const T* visible_bias = nullptr;
    const T* hidden_bias = nullptr;
    const T* variance = nullptr;
    T* sums = nullptr;

    Workspace(const Machine<T>& of, std::int64_t n_rows, Context context)
        : machine(of),
          layout(of.n_hidden, of.n_visible),
          threads(threads_worth(context, n_rows < batch_rows ? n_rows : batch_rows, of.n_hidden, of.n_visible)) {}

    void take(Pieces& pieces) {
        T* own = machine.panels ? nullptr : pieces.take<T>(layout.size());
        if (own) pack_panels(machine.weights, machine.n_hidden, machine.n_visible, own, Context{threads});
        panels = machine.panels ? machine.panels : own;
        const std::int64_t visible = whole_groups(machine.n_visible), hidden = whole_groups(machine.n_hidden);
        visible_bias = filled_up(machine.visible, machine.n_visible, pieces.take<T>(visible));
        hidden_bias = filled_up(machine.hidden, machine.n_hidden, pieces.take<T>(hidden));
        variance = filled_up(machine.variance, machine.n_visible, pieces.take<T>(visible));
        sums = pieces.take<T>(threads * Product<T>::sums_size());
    }

    Product<T> to_hidden() const { return {panels, machine.n_hidden, sums, threads}; }
    Product<T> to_visible() const { return {panels + layout.visible_begin(), machine.n_visible, sums, threads}; }
};

// The rows [first, first + lists.n_rows) of some states as lists, divided by `divisor` (null: 1).
template <class T>
void list_states(const States<T>& states, std::int64_t n_units, std::int64_t first, const T* divisor,
                 const ActiveLists<T>& lists, int threads) {
    constexpr std::int64_t rows_a_task = 16;
    parallel_for((lists.n_rows + rows_a_task - 1) / rows_a_task, threads, [&](std::int64_t task, int) {
        const std::int64_t begin = task * rows_a_task;
        const std::int64_t end = begin + rows_a_task < lists.n_rows ? begin + rows_a_task : lists.n_rows;
        for (std::int64_t row = begin; row < end; ++row) {
            const std::int64_t at = (first + row) * n_units;
            if (!lists.values)
                lists.set_row(row, states.bytes + at);
            else if (states.bytes)
                lists.set_row(row, states.bytes + at, divisor);
            else
                lists.set_row(row, states.numbers + at, divisor);
        }
    });
}

// The betas of the rows from `first` on.
template <class T>
Betas<T> betas_from_row(const Betas<T>& betas, std::int64_t first) {
    return {betas.value && !betas.is_shared ? betas.value + first : betas.value, betas.is_shared};
}

}  // namespace
}  // namespace gibbsite

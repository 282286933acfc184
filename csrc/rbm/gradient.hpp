// The gradient of the log likelihood as one sparse product: visible units are its rows, the rows of both phases are its
// inputs, and hidden probabilities times the rows' shares (negative under the model) take the place of weights. Host
// only.
#pragma once

#include "rbm/workspace.hpp"

namespace gibbsite {
namespace {

// Rows of both phases that pass at a time; sums over passes are float64, so that float32 keeps small differences.
constexpr std::int64_t gradient_rows = 2048;

// One pass: rows [begin, end) of the data followed by the model's.
template <class T>
class GradientPass {
public:
    GradientPass(const Phases<T>& phases, const Machine<T>& machine, Context context)
        : phases_(phases),
          machine_(machine),
          n_rows_(phases.data.n_rows + phases.model.n_rows),
          threads_(threads_worth(context, n_rows_, machine.n_hidden, machine.n_visible)),
          lists_(no_lists()) {
        const std::int64_t rows = n_rows_ < gradient_rows ? n_rows_ : gradient_rows;
        const std::int64_t H = machine.n_hidden, D = machine.n_visible;
        place_in_scratch([&](Pieces& pieces) {
            lists_ = take_lists<T>(pieces, rows, D, phases.data.numbers || machine.variance);
            panels_ = pieces.take<T>(panel_count(H) * lists_.tiling.panel_size());
            shares_ = pieces.take<T>(n_rows_);
            visible_ = pieces.take<double>(D);
            squares_ = pieces.take<double>(D);
            hidden_ = pieces.take<double>(H);
            center_ = pieces.take<T>(D);
            sums_ = pieces.take<T>(threads_ * Product<T>::sums_size());
            totals_ = n_rows_ > gradient_rows ? pieces.take<double>(H * D) : nullptr;
        });
        memset(visible_, 0, std::size_t(D) * sizeof(double));
        memset(squares_, 0, std::size_t(D) * sizeof(double));
        memset(hidden_, 0, std::size_t(H) * sizeof(double));
        set_shares();
        if (phases.visible_center) set_center();
    }

    // dW (H, D) = <h x> under the data less under the model, not centred
    void moments(T* out) {
        for (std::int64_t begin = 0; begin == 0 || begin < n_rows_; begin += gradient_rows) {
            const std::int64_t end = begin + gradient_rows < n_rows_ ? begin + gradient_rows : n_rows_;
            lists_.tiling = Tiling<T>(end - begin);
            lists_.capacity = ActiveLists<T>::capacity_of(lists_.tiling);
            list_visible(begin, end);
            pack_hidden(begin, end);
            const Product<T> product{panels_, machine_.n_hidden, sums_, threads_};
            for_products(product, lists_, [&](const GroupSums<T>& group) {
                if (totals_)
                    add(group, begin == 0);
                else
                    write(group, out);
            });
        }
        if (totals_)
            for (std::int64_t at = 0; at < machine_.n_hidden * machine_.n_visible; ++at) out[at] = T(totals_[at]);
    }

    const double* visible() const { return visible_; }  // dx (D)
    const double* squares() const { return squares_; }  // gaussian: <(v - b)^2 / (2 s)> (D)
    const double* hidden() const { return hidden_; }    // dh (H)
    const T* center() const { return center_; }         // mu in units of x (D)
    int threads() const { return threads_; }

private:
    static ActiveLists<T> no_lists() { return {Tiling<T>(0), 0, 0, nullptr, nullptr, nullptr}; }

    // What each row counts: its weight's share of the data (nothing where all weights are 0), or the negative share of
    // a chain.
    void set_shares() {
        const std::int64_t n = phases_.data.n_rows, m = phases_.model.n_rows;
        double total = phases_.sample_weight ? 0.0 : double(n);
        if (phases_.sample_weight)
            for (std::int64_t i = 0; i < n; ++i) total += double(phases_.sample_weight[i]);
        const double unit = total != 0 ? 1.0 / total : 0.0;
        for (std::int64_t i = 0; i < n; ++i)
            shares_[i] = T((phases_.sample_weight ? double(phases_.sample_weight[i]) : 1.0) * unit);
        for (std::int64_t i = 0; i < m; ++i) shares_[n + i] = T(-1.0 / double(m));
    }

    void set_center() {
        for (std::int64_t j = 0; j < machine_.n_visible; ++j)
            center_[j] = phases_.visible_center[j] / (machine_.variance ? machine_.variance[j] : T(1));
    }

    bool is_model(std::int64_t row) const { return row >= phases_.data.n_rows; }
    const States<T>& states_of(std::int64_t& row) const {
        if (!is_model(row)) return phases_.data;
        row -= phases_.data.n_rows;
        return phases_.model;
    }

    // Lists of the rows at which each visible unit is on; a task is 64 units.
    void list_visible(std::int64_t begin, std::int64_t end) {
        const std::int64_t D = machine_.n_visible;
        parallel_for((D + 63) / 64, threads_, [&](std::int64_t task, int) {
            const std::int64_t first = task * 64, last = first + 64 < D ? first + 64 : D;
            for (std::int64_t tile = 0; tile < lists_.tiling.n_tiles; ++tile)
                for (std::int64_t unit = first; unit < last; ++unit) lists_.counts[lists_.list(tile, unit)] = 0;
            for (std::int64_t row = begin; row < end; ++row) list_row(row, row - begin, first, last);
            for (std::int64_t tile = 0; tile < lists_.tiling.n_tiles; ++tile)
                for (std::int64_t unit = first; unit < last; ++unit) lists_.fill_up(tile, unit);
        });
    }

    void list_row(std::int64_t row, std::int64_t input, std::int64_t first, std::int64_t last) {
        const std::int64_t D = machine_.n_visible;
        const std::int64_t tile = input / lists_.tiling.tile_rows, in_tile = input % lists_.tiling.tile_rows;
        const double share = double(shares_[row]);
        const States<T>& states = states_of(row);
        const auto count = [&](std::int64_t unit, T value) {
            visible_[unit] += share * double(value);
            lists_.append(lists_.list(tile, unit), in_tile, value);
        };
        if (states.bytes && !machine_.variance) {
            for_each_active(states.bytes + row * D, first, last, [&](std::int64_t unit) { count(unit, T(1)); });
            return;
        }
        for (std::int64_t unit = first; unit < last; ++unit) {
            const T v = states.bytes ? T(states.bytes[row * D + unit]) : states.numbers[row * D + unit];
            if (machine_.variance) square(unit, share, v);
            if (v != T(0)) count(unit, machine_.variance ? v / machine_.variance[unit] : v);
        }
    }

    void square(std::int64_t unit, double share, T v) {
        const double off = double(v) - double(machine_.visible[unit]);
        squares_[unit] += share * off * off / (2.0 * double(machine_.variance[unit]));
    }

    // Hidden probabilities times shares, as panels over the rows; a task is 64 hidden units.
    void pack_hidden(std::int64_t begin, std::int64_t end) {
        const std::int64_t H = machine_.n_hidden;
        const auto& tiling = lists_.tiling;
        clear_tile_ends(tiling, panel_count(H), panels_);
        parallel_for(panel_count(H), threads_, [&](std::int64_t panel, int) {
            T* to = panels_ + panel * tiling.panel_size();
            const std::int64_t first = panel * panel_width, n = H - first < panel_width ? H - first : panel_width;
            double total[panel_width] = {};
            for (std::int64_t row = begin; row < end; ++row) {
                const bool model = is_model(row);
                const T* h =
                    (model ? phases_.model_hidden + (row - phases_.data.n_rows) * H : phases_.data_hidden + row * H) +
                    first;
                T* out = to + tiling.row(row - begin);
                for (std::int64_t i = 0; i < n; ++i) total[i] += double(out[i] = shares_[row] * h[i]);
                for (std::int64_t i = n; i < panel_width; ++i) out[i] = 0;
            }
            for (std::int64_t i = 0; i < n; ++i) hidden_[first + i] += total[i];
        });
    }

    // Squares of 16 visible by 16 hidden units, turned into rows of dW.
    void write(const GroupSums<T>& group, T* out) {
        const std::int64_t D = machine_.n_visible;
        for (std::int64_t from = 0; from < group.n_units; from += square_width)
            for (std::int64_t row = 0; row < group.n_rows; row += square_width) {
                const T* square = group.row(row) + from;
                const std::int64_t n_visible = units_left(row, group.n_rows);
                const std::int64_t n_hidden = units_left(group.first_unit() + from, machine_.n_hidden);
                T* to = out + (group.first_unit() + from) * D + group.first_row + row;
                if (n_visible == square_width && n_hidden == square_width) {
                    turn_square(square, panel_width, to, D);
                    continue;
                }
                for (std::int64_t i = 0; i < n_hidden; ++i)
                    for (std::int64_t j = 0; j < n_visible; ++j) to[i * D + j] = square[j * panel_width + i];
            }
    }

    // The same into the totals of several passes.
    void add(const GroupSums<T>& group, bool is_first) {
        const std::int64_t D = machine_.n_visible;
        for (std::int64_t row = 0; row < group.n_rows; ++row)
            for (std::int64_t i = 0; i < group.n_units; ++i) {
                double& total = totals_[(group.first_unit() + i) * D + group.first_row + row];
                total = (is_first ? 0.0 : total) + double(group.row(row)[i]);
            }
    }

    const Phases<T>& phases_;
    const Machine<T>& machine_;
    std::int64_t n_rows_;
    int threads_;
    ActiveLists<T> lists_;
    T* panels_ = nullptr;
    T* shares_ = nullptr;
    T* sums_ = nullptr;
    T* center_ = nullptr;
    double* totals_ = nullptr;  // (H, D), where there are several passes
    double* visible_ = nullptr;
    double* squares_ = nullptr;
    double* hidden_ = nullptr;
};

// d log likelihood / d log s_j = <(v_j - b_j)^2 / (2 s_j) - v_j (h W)_j / s_j>, data less model (Cho et al. 2011, eq.
// 5).
template <class T>
void log_variance_gradient(const GradientPass<T>& pass, const Machine<T>& machine, const T* moments, T* out) {
    const std::int64_t D = machine.n_visible;
    parallel_for((D + 63) / 64, pass.threads(), [&](std::int64_t task, int) {
        const std::int64_t first = task * 64, n = D - first < 64 ? D - first : 64;
        double interaction[64] = {};
        for (std::int64_t i = 0; i < machine.n_hidden; ++i)
            for (std::int64_t j = 0; j < n; ++j)
                interaction[j] += double(machine.weights[i * D + first + j]) * double(moments[i * D + first + j]);
        for (std::int64_t j = 0; j < n; ++j) out[first + j] = T(pass.squares()[first + j] - interaction[j]);
    });
}

// Subtracts lambda dx + dh mu from n elements of a row of dW; returns the sum of the row times mu.
template <class T>
T centre_row(T* row, const T* dx, const T* mu, T lambda, T dh, std::int64_t n) {
    Simd<T> projected{};
    std::int64_t j = 0;
    for (; j + lane_count<T> <= n; j += lane_count<T>) {
        const Simd<T> value = load(row + j) - load(dx + j) * lambda - load(mu + j) * dh;
        store(row + j, value);
        projected += value * load(mu + j);
    }
    T sum = sum_of_lanes<T>(projected);
    for (; j < n; ++j) sum += (row[j] -= dx[j] * lambda + mu[j] * dh) * mu[j];
    return sum;
}

// The enhanced gradient (Melchior, Fischer & Wiskott 2016), as a change of the ordinary parameters.
template <class T>
void centre(const GradientPass<T>& pass, const Phases<T>& phases, const Machine<T>& machine, const Gradient<T>& out) {
    const std::int64_t H = machine.n_hidden, D = machine.n_visible;
    const T* dx = out.visible;
    const T* mu = pass.center();
    parallel_for(square_count(H), pass.threads(), [&](std::int64_t task, int) {
        for (std::int64_t i = task * square_width; i < H && i < (task + 1) * square_width; ++i) {
            const T dh = T(pass.hidden()[i]);
            out.hidden[i] = dh - centre_row(out.weights + i * D, dx, mu, phases.hidden_center[i], dh, D);
        }
    });
    parallel_for((D + 63) / 64, pass.threads(), [&](std::int64_t task, int) {
        const std::int64_t first = task * 64, n = D - first < 64 ? D - first : 64;
        double projected[64] = {};
        for (std::int64_t i = 0; i < H; ++i) {
            const double lambda = double(phases.hidden_center[i]);
            for (std::int64_t j = 0; j < n; ++j) projected[j] += lambda * double(out.weights[i * D + first + j]);
        }
        for (std::int64_t j = 0; j < n; ++j) out.visible[first + j] = T(pass.visible()[first + j] - projected[j]);
    });
}

template <class T>
void gradient(const Phases<T>& phases, const Machine<T>& machine, const Gradient<T>& out, Context context) {
    GradientPass<T> pass(phases, machine, context);
    pass.moments(out.weights);
    if (out.log_variance) log_variance_gradient(pass, machine, out.weights, out.log_variance);
    for (std::int64_t j = 0; j < machine.n_visible; ++j) out.visible[j] = T(pass.visible()[j]);
    for (std::int64_t i = 0; i < machine.n_hidden; ++i) out.hidden[i] = T(pass.hidden()[i]);
    if (phases.hidden_center) centre(pass, phases, machine, out);
}

}  // namespace
}  // namespace gibbsite

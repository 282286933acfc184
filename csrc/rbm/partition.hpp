// log Z by enumerating the hidden states. The low six hidden units are a table: with z = e^(h_low W) for its 64 states
// and y = e^(b + h_high W), the factor of a visible unit is 1 + z y, so a state costs a multiply-add and a product for
// each visible unit and one logarithm in all. Everything is float64. Host only.
#pragma once

#include "rbm/workspace.hpp"

namespace gibbsite {
namespace {

constexpr int low_units = 6;
constexpr int low_states = 1 << low_units;
using Double = Simd<double>;
constexpr int double_lanes = lane_count<double>;
constexpr std::int64_t block_vectors = 8;  // visible units pass in blocks of this many vectors
// Below this bound on |activation| the factors of a block cannot overflow between two rounds of renormalisation.
constexpr double largest_activation = 80.0;

// log of a sum of exponentials, grown term by term.
struct LogSum {
    double highest = -std::numeric_limits<double>::infinity();
    double sum = 0;

    void add(double term, double times = 1.0) {
        if (term > highest) {
            sum = sum * gibbsite::exp(highest - term) + times;
            highest = term;
        } else if (!(term == highest && __builtin_isinf(term))) {
            sum += times * gibbsite::exp(term - highest);
        }
    }
    void add(const LogSum& other) {
        if (other.sum > 0 || other.sum != other.sum) add(other.highest, other.sum);
    }
    double value() const { return highest + gibbsite::log(sum); }
};

// The machine in float64, visible units filled up to whole blocks.
template <class T>
class Enumeration {
public:
    Enumeration(const Machine<T>& machine, Context context)
        : machine_(machine), n_low_(machine.n_hidden < low_units ? machine.n_hidden : low_units) {
        const std::int64_t block = block_vectors * double_lanes;
        D_ = (machine.n_visible + block - 1) / block * block;
        n_workers_ = threads_worth(context, n_high_states(), low_states, D_);
        place_in_scratch([&](Pieces& pieces) {
            weights_ = pieces.take<double>(machine.n_hidden * D_);
            bias_ = pieces.take<double>(D_);
            scale_ = pieces.take<double>(D_);
            low_ = pieces.take<double>(low_states * D_);
            low_bias_ = pieces.take<double>(low_states);
            high_ = pieces.take<double>(n_workers_ * D_);
            partial_ = pieces.take<LogSum>(n_tasks());
        });
        copy_machine();
        is_fast_ = largest() < largest_activation;
        fill_low_table();
    }

    double log_partition() {
        const std::int64_t per_task = n_high_states() / n_tasks();
        parallel_for(n_tasks(), n_workers_, [&](std::int64_t task, int worker) {
            LogSum sum;
            for (std::int64_t state = task * per_task; state < (task + 1) * per_task; ++state)
                add_high_state(state, high_ + worker * D_, sum);
            partial_[task] = sum;
        });
        LogSum total;
        for (std::int64_t task = 0; task < n_tasks(); ++task) total.add(partial_[task]);
        return total.value() + constant_;
    }

private:
    bool is_gaussian() const { return machine_.kind() == VisibleKind::gaussian; }
    std::int64_t n_high() const { return machine_.n_hidden - n_low_; }
    std::int64_t n_high_states() const { return std::int64_t(1) << n_high(); }
    std::int64_t n_tasks() const { return n_high_states() < 1024 ? n_high_states() : 1024; }

    // gaussian: everything over sqrt(2 s), so that ((b + x)^2 - b^2) / (2 s) is a square less a constant
    void copy_machine() {
        const std::int64_t D = machine_.n_visible;
        for (std::int64_t j = 0; j < D_; ++j) {
            const bool inside = j < D;
            const double s = inside && is_gaussian() ? double(machine_.variance[j]) : 0.5;
            scale_[j] = 1.0 / __builtin_sqrt(2.0 * s);
            bias_[j] = inside ? double(machine_.visible[j]) * scale_[j] : 0.0;
            if (inside && is_gaussian())
                constant_ += 0.5 * gibbsite::log(2.0 * 3.14159265358979323846 * s) - bias_[j] * bias_[j];
            for (std::int64_t i = 0; i < machine_.n_hidden; ++i)
                weights_[i * D_ + j] = inside ? double(machine_.weights[i * D + j]) * scale_[j] : 0.0;
        }
    }

    // a bound on |b + h W|
    double largest() const {
        double largest = 0;
        for (std::int64_t j = 0; j < machine_.n_visible; ++j) {
            double bound = __builtin_fabs(bias_[j]);
            for (std::int64_t i = 0; i < machine_.n_hidden; ++i) bound += __builtin_fabs(weights_[i * D_ + j]);
            if (!(bound <= largest)) largest = bound;
        }
        return largest;
    }

    void add_rows(std::int64_t bits, std::int64_t first_unit, double* x, double& bias) const {
        for (; bits; bits &= bits - 1) {
            const std::int64_t unit = first_unit + __builtin_ctzll(std::uint64_t(bits));
            bias += double(machine_.hidden[unit]);
            for (std::int64_t j = 0; j < D_; ++j) x[j] += weights_[unit * D_ + j];
        }
    }

    bool in_exponentials() const { return is_fast_ && !is_gaussian(); }

    void fill_low_table() {
        for (int state = 0; state < 1 << n_low_; ++state) {
            double* x = low_ + state * D_;
            memset(x, 0, std::size_t(D_) * sizeof(double));
            low_bias_[state] = 0;
            add_rows(state, 0, x, low_bias_[state]);
            if (in_exponentials()) exponentials(x);
        }
    }

    void exponentials(double* x) const {
        for (std::int64_t j = 0; j < D_; j += double_lanes) store(x + j, gibbsite::exp(load(x + j)));
    }

    // The 64 states that share their high units.
    void add_high_state(std::int64_t state, double* y, LogSum& sum) const {
        double bias = 0;
        memcpy(y, bias_, std::size_t(D_) * sizeof(double));
        add_rows(state, n_low_, y, bias);
        if (in_exponentials()) {
            exponentials(y);
            for (std::int64_t j = machine_.n_visible; j < D_; ++j) y[j] = 0;
        }
        double value[low_states];
        const int n = 1 << n_low_;
        if (!is_fast_)
            for (int low = 0; low < n; ++low) value[low] = slow_value(y, low_ + low * D_);
        else if (is_gaussian())
            squares(y, n, value);
        else if (machine_.kind() == VisibleKind::categorical)
            log_group_products(y, n, value);
        else
            log_products(y, n, value);
        for (int low = 0; low < n; ++low) sum.add(value[low] + bias + low_bias_[low]);
    }

    // sum over visible units of (y + z)^2
    void squares(const double* y, int n, double* value) const {
        for (int low = 0; low < n; ++low) {
            const double* z = low_ + low * D_;
            Double sum{};
            for (std::int64_t j = 0; j < D_; j += double_lanes) {
                const Double x = load(y + j) + load(z + j);
                sum += x * x;
            }
            value[low] = sum_of_lanes<double>(sum);
        }
    }

    // sum over visible units of log(1 + y z): the product's mantissas, its exponents added up apart
    void log_products(const double* y, int n, double* value) const {
        for (int low = 0; low < n; ++low) {
            const double* z = low_ + low * D_;
            Double product = broadcast<Double>(1.0), exponents{};
            for (std::int64_t j = 0; j < D_; j += block_vectors * double_lanes) {
#pragma GCC unroll 8
                for (int v = 0; v < block_vectors; ++v)
                    product *= load(y + j + v * double_lanes) * load(z + j + v * double_lanes) + 1.0;
                Double fraction;
                exponents += split_exponent(product, fraction);
                product = fraction + 1.0;
            }
            double mantissa = 1;
            for (int lane = 0; lane < double_lanes; ++lane) mantissa *= product[lane];
            value[low] = gibbsite::log(mantissa) + sum_of_lanes<double>(exponents) * 0.693147180559945309417;
        }
    }

    // sum over groups of the log of the sum of y z over the group: four groups' sums at a time stay in range
    void log_group_products(const double* y, int n, double* value) const {
        for (int low = 0; low < n; ++low) {
            const double* z = low_ + low * D_;
            double product = 1, exponents = 0;
            for (std::int64_t g = 0; g < machine_.n_groups; ++g) {
                double sum = 0;
                for (std::int64_t j = machine_.groups[g]; j < machine_.groups[g + 1]; ++j) sum += y[j] * z[j];
                product *= sum;
                if (g % 4 != 3) continue;
                double fraction;
                exponents += split_exponent(product, fraction);
                product = fraction + 1.0;
            }
            value[low] = gibbsite::log(product) + exponents * 0.693147180559945309417;
        }
    }

    // Without the bound: softplus, or log-sum-exp over each group, of the activations themselves.
    double slow_value(const double* y, const double* z) const {
        double sum = 0;
        if (machine_.kind() == VisibleKind::categorical) {
            for (std::int64_t g = 0; g < machine_.n_groups; ++g) {
                LogSum group;
                for (std::int64_t j = machine_.groups[g]; j < machine_.groups[g + 1]; ++j) group.add(y[j] + z[j]);
                sum += group.value();
            }
            return sum;
        }
        for (std::int64_t j = 0; j < machine_.n_visible; ++j) {
            const double x = y[j] + z[j];
            sum += is_gaussian() ? x * x : softplus(x);
        }
        return sum;
    }

    const Machine<T>& machine_;
    std::int64_t n_low_, D_;
    int n_workers_;
    bool is_fast_;
    double constant_ = 0;
    double *weights_, *bias_, *scale_, *low_, *low_bias_, *high_;
    LogSum* partial_;
};

template <class T>
void exact_log_partition(const Machine<T>& machine, double* out, Context context) {
    out[0] = Enumeration<T>(machine, context).log_partition();
}

}  // namespace
}  // namespace gibbsite

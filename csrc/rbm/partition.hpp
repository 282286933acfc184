// log Z by enumerating the hidden states. The low six hidden units are a table: with z = e^(h_low W) for its 64 states
// and y = e^(b + h_high W), the factor of a visible unit is 1 + z y, so a state costs a multiply-add and a product for
// each visible unit and one logarithm in all. Units whose activation may be too large for that are kept as activations,
// and cost an exponential each. Everything is float64. Host only.
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

// A product of factors for each lane; `settle` keeps it near one, and adds its exponent up apart.
struct LaneProduct {
    Double mantissa = broadcast<Double>(1.0), exponents{};

    void settle() {
        Double fraction;
        exponents += split_exponent(mantissa, fraction);
        mantissa = fraction + 1.0;
    }
    double logarithm() const {
        double product = 1;
        for (int lane = 0; lane < double_lanes; ++lane) product *= mantissa[lane];
        return gibbsite::log(product) + sum_of_lanes<double>(exponents) * 0.693147180559945309417;
    }
};

constexpr std::int64_t filled_up_to(std::int64_t n, std::int64_t multiple) {
    return (n + multiple - 1) / multiple * multiple;
}

// The machine in float64. Its columns are the visible units: first those that are held as exponentials, in whole
// blocks, then the others, in whole vectors.
template <class T>
class Enumeration {
public:
    Enumeration(const Machine<T>& machine, Context context)
        : machine_(machine), n_low_(machine.n_hidden < low_units ? machine.n_hidden : low_units) {
        const std::int64_t n = n_exponential_units();
        n_exponentials_ = filled_up_to(n, block_vectors * double_lanes);
        D_ = n_exponentials_ + filled_up_to(machine.n_visible - n, double_lanes);
        n_workers_ = threads_worth(context, n_high_states(), low_states, D_);
        place_in_scratch([&](Pieces& pieces) {
            column_ = pieces.take<std::int64_t>(machine.n_visible);
            weights_ = pieces.take<double>(machine.n_hidden * D_);
            bias_ = pieces.take<double>(D_);
            low_ = pieces.take<double>(low_states * D_);
            low_bias_ = pieces.take<double>(low_states);
            high_ = pieces.take<double>(2 * n_workers_ * D_);
            partial_ = pieces.take<LogSum>(n_tasks());
        });
        assign_columns();
        copy_machine();
        fill_low_table();
    }

    double log_partition() {
        const std::int64_t per_task = n_high_states() / n_tasks();
        parallel_for(n_tasks(), n_workers_, [&](std::int64_t task, int worker) {
            LogSum sum;
            for (std::int64_t state = task * per_task; state < (task + 1) * per_task; ++state)
                add_high_state(state, high_ + 2 * worker * D_, sum);
            partial_[task] = sum;
        });
        LogSum total;
        for (std::int64_t task = 0; task < n_tasks(); ++task) total.add(partial_[task]);
        return total.value() + constant_;
    }

private:
    bool is_gaussian() const { return machine_.kind() == VisibleKind::gaussian; }
    bool is_categorical() const { return machine_.kind() == VisibleKind::categorical; }
    std::int64_t n_high() const { return machine_.n_hidden - n_low_; }
    std::int64_t n_high_states() const { return std::int64_t(1) << n_high(); }
    std::int64_t n_tasks() const { return n_high_states() < 1024 ? n_high_states() : 1024; }

    // a bound on |b + h W| that keeps the factors of a block in range
    bool is_bounded(std::int64_t j) const {
        double bound = __builtin_fabs(double(machine_.visible[j]));
        for (std::int64_t i = 0; i < machine_.n_hidden; ++i)
            bound += __builtin_fabs(double(machine_.weights[i * machine_.n_visible + j]));
        return bound < largest_activation;  // NaN is not
    }

    // binary units one by one, categorical ones all or none; gaussian ones have no exponentials
    std::int64_t n_exponential_units() const {
        std::int64_t n = 0;
        for (std::int64_t j = 0; j < machine_.n_visible; ++j) n += is_bounded(j);
        return is_gaussian() || (is_categorical() && n < machine_.n_visible) ? 0 : n;
    }

    void assign_columns() {
        std::int64_t exponential = 0, other = n_exponentials_;
        for (std::int64_t j = 0; j < machine_.n_visible; ++j)
            column_[j] = n_exponentials_ > 0 && is_bounded(j) ? exponential++ : other++;
    }

    // gaussian: everything over sqrt(2 s), so that ((b + x)^2 - b^2) / (2 s) is a square less a constant
    void copy_machine() {
        // what fills a block up has the factor 1 + e^-inf, or the square of 0
        const double nothing = is_gaussian() ? 0.0 : -std::numeric_limits<double>::infinity();
        for (std::int64_t j = 0; j < D_; ++j) bias_[j] = nothing;
        memset(weights_, 0, std::size_t(machine_.n_hidden * D_) * sizeof(double));
        for (std::int64_t j = 0; j < machine_.n_visible; ++j) {
            const double s = is_gaussian() ? double(machine_.variance[j]) : 0.5;
            const double scale = 1.0 / __builtin_sqrt(2.0 * s), bias = double(machine_.visible[j]) * scale;
            bias_[column_[j]] = bias;
            if (is_gaussian()) constant_ += 0.5 * gibbsite::log(2.0 * 3.14159265358979323846 * s) - bias * bias;
            for (std::int64_t i = 0; i < machine_.n_hidden; ++i)
                weights_[i * D_ + column_[j]] = double(machine_.weights[i * machine_.n_visible + j]) * scale;
        }
    }

    void add_rows(std::int64_t bits, std::int64_t first_unit, double* x, double& bias) const {
        for (; bits; bits &= bits - 1) {
            const std::int64_t unit = first_unit + __builtin_ctzll(std::uint64_t(bits));
            bias += double(machine_.hidden[unit]);
            for (std::int64_t j = 0; j < D_; ++j) x[j] += weights_[unit * D_ + j];
        }
    }

    void fill_low_table() {
        for (int state = 0; state < 1 << n_low_; ++state) {
            double* x = low_ + state * D_;
            memset(x, 0, std::size_t(D_) * sizeof(double));
            low_bias_[state] = 0;
            add_rows(state, 0, x, low_bias_[state]);
            exponentials(x, n_exponentials_);
        }
    }

    static void exponentials(double* x, std::int64_t n) {
        for (std::int64_t j = 0; j < n; j += double_lanes) store(x + j, gibbsite::exp(load(x + j)));
    }

    // The 64 states that share their high units; behind y is room for another row.
    void add_high_state(std::int64_t state, double* y, LogSum& sum) const {
        double bias = 0;
        memcpy(y, bias_, std::size_t(D_) * sizeof(double));
        add_rows(state, n_low_, y, bias);
        exponentials(y, n_exponentials_);
        double value[low_states];
        const int n = 1 << n_low_;
        if (is_gaussian())
            squares(y, n, value);
        else if (!is_categorical())
            log_products(y, n, value);
        else if (n_exponentials_ > 0)
            log_group_products(y, n, value);
        else
            log_group_sums(y, y + D_, n, value);
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

    // sum over visible units of log(1 + y z), as the logarithm of a product
    void log_products(const double* y, int n, double* value) const {
        for (int low = 0; low < n; ++low) {
            const double* z = low_ + low * D_;
            LaneProduct product;
            for (std::int64_t j = 0; j < n_exponentials_; j += block_vectors * double_lanes) {
#pragma GCC unroll 8
                for (int v = 0; v < block_vectors; ++v)
                    product.mantissa *= load(y + j + v * double_lanes) * load(z + j + v * double_lanes) + 1.0;
                product.settle();
            }
            value[low] = add_softpluses(y, z, product);
            value[low] += product.logarithm();
        }
    }

    // log(1 + e^(y + z)) of the columns that are held as activations: max(x, 0), whose sum is returned, and the
    // logarithm of 1 + e^-|x|, a factor of the product
    double add_softpluses(const double* y, const double* z, LaneProduct& product) const {
        Double positive{};
        for (std::int64_t j = n_exponentials_; j < D_; j += double_lanes) {
            const Double x = load(y + j) + load(z + j);
            const Double magnitude = x < 0.0 ? -x : x;
            positive += x > 0.0 ? x : (x == x ? Double{} : x);
            product.mantissa *= exp_nonpositive(Double(-magnitude)) + 1.0;
            product.settle();
        }
        return sum_of_lanes<double>(positive);
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

    // The same of activations: each group's sum is taken about its largest term. x is scratch.
    void log_group_sums(const double* y, double* x, int n, double* value) const {
        for (int low = 0; low < n; ++low) {
            const double* z = low_ + low * D_;
            for (std::int64_t j = 0; j < D_; j += double_lanes) store(x + j, load(y + j) + load(z + j));
            value[low] = subtract_largest(x);
            exponentials(x, D_);
            value[low] += log_of_group_sums(x);
        }
    }

    // The largest terms, added up.
    double subtract_largest(double* x) const {
        double sum = 0;
        for (std::int64_t g = 0; g < machine_.n_groups; ++g) {
            const std::int64_t begin = machine_.groups[g], end = machine_.groups[g + 1];
            double largest = x[begin];
            for (std::int64_t j = begin + 1; j < end; ++j) largest = x[j] > largest ? x[j] : largest;
            for (std::int64_t j = begin; j < end; ++j) x[j] -= largest;
            sum += largest;
        }
        return sum;
    }

    // Each sum is one or more: they are multiplied until the product is large. NaN is no number to go on with.
    double log_of_group_sums(const double* x) const {
        double logarithm = 0, product = 1;
        for (std::int64_t g = 0; g < machine_.n_groups; ++g) {
            double sum = 0;
            for (std::int64_t j = machine_.groups[g]; j < machine_.groups[g + 1]; ++j) sum += x[j];
            product *= sum;
            if (product < 1e200) continue;
            logarithm += gibbsite::log(product);
            product = 1;
        }
        return logarithm + gibbsite::log(product);
    }

    const Machine<T>& machine_;
    std::int64_t n_low_, n_exponentials_, D_;
    int n_workers_;
    double constant_ = 0;
    std::int64_t* column_;
    double *weights_, *bias_, *low_, *low_bias_, *high_;
    LogSum* partial_;
};

template <class T>
void exact_log_partition(const Machine<T>& machine, double* out, Context context) {
    out[0] = Enumeration<T>(machine, context).log_partition();
}

}  // namespace
}  // namespace gibbsite

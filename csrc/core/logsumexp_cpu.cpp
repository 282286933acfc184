// Compiled once per instruction set.
#include "core/logsumexp.hpp"
#include "core/pool.hpp"
#include "core/table.hpp"
#include "core/transpose.hpp"

namespace gibbsite {
namespace {

constexpr std::int64_t elements_per_task = 1 << 16;
constexpr std::int64_t narrow_columns = 64;  // up to here rows become lanes; beyond, a row is swept on its own
constexpr std::int64_t run_length = 256;     // terms added one by one: sums of sums keep the digits of long axes

inline std::int64_t divide_up(std::int64_t a, std::int64_t b) { return (a + b - 1) / b; }
inline std::int64_t smaller(std::int64_t a, std::int64_t b) { return a < b ? a : b; }

// One lane a sum: n terms, `stride` apart; weights may be null.
template <class T>
LogSum<Simd<T>> lane_sums(const T* x, const T* weights, std::int64_t n, std::int64_t stride) {
    using V = Simd<T>;
    const V one = broadcast<V>(T(1));
    V maximum = minus_infinity<V>();
    for (std::int64_t i = 0; i < n; ++i) {
        const V value = load(x + i * stride);
        maximum = larger(weights ? exponent(value, load(weights + i * stride)) : value, maximum);
    }
    auto sum = empty_log_sum(maximum);
    for (std::int64_t begin = 0; begin < n; begin += run_length) {
        auto run = empty_log_sum(maximum);
        for (std::int64_t i = begin; i < smaller(begin + run_length, n); ++i) {
            const V value = load(x + i * stride);
            if (weights)
                add_weighted_term(run, value, load(weights + i * stride));
            else
                add_term(run, value, one);
        }
        sum.at_maximum += run.at_maximum;
        sum.others += run.others;
        sum.ignored += run.ignored;
    }
    return sum;
}

template <class T>
void rows_as_lanes(const LogSumExp<T>& job, std::int64_t begin, std::int64_t count) {
    constexpr int lanes = lane_count<T>;
    T x[narrow_columns * lanes], weights[narrow_columns * lanes];
    const std::int64_t n = job.n_columns;
    for (std::int64_t row = begin; row < begin + count; row += lanes) {
        const std::int64_t height = smaller(lanes, begin + count - row);
        transpose_rows(job.x + row * n, height, n, x, lanes);
        if (job.weights) transpose_rows(job.weights + row * n, height, n, weights, lanes);
        T values[lanes];
        store(values, finish(lane_sums<T>(x, job.weights ? weights : nullptr, n, lanes)));
        for (std::int64_t i = 0; i < height; ++i) job.out[row + i] = values[i];
    }
}

template <class V>
LogSum<scalar_of<V>> lane_of(const LogSum<V>& sum, int lane) {
    return {sum.maximum[lane], sum.at_maximum[lane], sum.others[lane], sum.ignored[lane]};
}

template <class T>
LogSum<T> row_sum(const T* x, const T* weights, std::int64_t n) {
    constexpr int lanes = lane_count<T>;
    const std::int64_t whole = n / lanes;
    const auto sums = lane_sums<T>(x, weights, whole, lanes);
    LogSum<T> total = lane_of(sums, 0);
    for (int lane = 1; lane < lanes; ++lane) merge(total, lane_of(sums, lane));
    for (std::int64_t i = whole * lanes; i < n; ++i) {
        const T weight = weights ? weights[i] : T(1);
        const T value = exponent(x[i], weight);
        auto term = empty_log_sum(value == value ? value : minus_infinity<T>());
        add_weighted_term(term, x[i], weight);
        merge(total, term);
    }
    return total;
}

// Rows so long that several tasks share one.
template <class T>
void along_long_rows(const LogSumExp<T>& job, Context context) {
    const std::int64_t n_parts = divide_up(job.n_columns, elements_per_task);
    const Buffer buffer(std::size_t(job.n_rows * n_parts) * sizeof(LogSum<T>));
    auto* sums = static_cast<LogSum<T>*>(buffer.get());
    parallel_for(job.n_rows * n_parts, int(context.value), [&](std::int64_t task, int) {
        const std::int64_t begin = task % n_parts * elements_per_task;
        const std::int64_t at = task / n_parts * job.n_columns + begin;
        const std::int64_t count = smaller(elements_per_task, job.n_columns - begin);
        sums[task] = row_sum(job.x + at, job.weights ? job.weights + at : nullptr, count);
    });
    for (std::int64_t row = 0; row < job.n_rows; ++row) {
        LogSum<T> total = sums[row * n_parts];
        for (std::int64_t part = 1; part < n_parts; ++part) merge(total, sums[row * n_parts + part]);
        job.out[row] = finish(total);
    }
}

template <class T>
void along_rows(const LogSumExp<T>& job, Context context) {
    if (job.n_columns > elements_per_task) return along_long_rows(job, context);
    const std::int64_t rows = elements_per_task / (job.n_columns + 1) / 64 * 64 + 64;
    parallel_for(divide_up(job.n_rows, rows), int(context.value), [&](std::int64_t task, int) {
        const std::int64_t begin = task * rows, count = smaller(rows, job.n_rows - begin);
        if (job.n_columns <= narrow_columns) return rows_as_lanes(job, begin, count);
        for (std::int64_t row = begin; row < begin + count; ++row) {
            const std::int64_t at = row * job.n_columns;
            job.out[row] = finish(row_sum(job.x + at, job.weights ? job.weights + at : nullptr, job.n_columns));
        }
    });
}

// Columns [column, column + width) of some rows, as one vector of sums; the lanes beyond width hold nothing of use.
template <class T>
LogSum<Simd<T>> column_sums(const LogSumExp<T>& job, std::int64_t row, std::int64_t n_rows, std::int64_t column,
                            std::int64_t width) {
    const std::int64_t at = row * job.n_columns + column;
    const T* weights = job.weights ? job.weights + at : nullptr;
    if (width == lane_count<T>) return lane_sums<T>(job.x + at, weights, n_rows, job.n_columns);
    if (n_rows > run_length) {
        auto halves = column_sums(job, row, n_rows / 2, column, width);
        merge(halves, column_sums(job, row + n_rows / 2, n_rows - n_rows / 2, column, width));
        return halves;
    }
    auto total = empty_log_sum(minus_infinity<Simd<T>>());
    T x[lane_count<T>], w[lane_count<T>];
    for (std::int64_t i = 0; i < n_rows; ++i) {
        store(x, load_part(job.x + at + i * job.n_columns, width));
        if (weights) store(w, load_part(weights + i * job.n_columns, width));
        merge(total, lane_sums<T>(x, weights ? w : nullptr, 1, 0));
    }
    return total;
}

template <class T>
void along_columns(const LogSumExp<T>& job, Context context) {
    using Sum = LogSum<Simd<T>>;
    constexpr int lanes = lane_count<T>;
    const std::int64_t n_groups = divide_up(job.n_columns, lanes);
    const std::int64_t rows = elements_per_task / lanes;
    const std::int64_t n_parts = job.n_rows > 0 ? divide_up(job.n_rows, rows) : 1;
    const Buffer buffer(std::size_t(n_groups * n_parts) * sizeof(Sum));
    Sum* sums = static_cast<Sum*>(buffer.get());
    parallel_for(n_groups * n_parts, int(context.value), [&](std::int64_t task, int) {
        const std::int64_t row = task / n_groups * rows, column = task % n_groups * lanes;
        sums[task] =
            column_sums(job, row, smaller(rows, job.n_rows - row), column, smaller(lanes, job.n_columns - column));
    });
    for (std::int64_t group = 0; group < n_groups; ++group) {
        Sum total = sums[group];
        for (std::int64_t part = 1; part < n_parts; ++part) merge(total, sums[part * n_groups + group]);
        const auto values = finish(total);
        const std::int64_t column = group * lanes;
        for (int i = 0; i < smaller(lanes, job.n_columns - column); ++i) job.out[column + i] = values[i];
    }
}

template <class T>
void logsumexp(const LogSumExp<T>& job, Context context) {
    if (job.axis == 1)
        along_rows(job, context);
    else if (job.n_columns == 1)  // the same numbers as one row
        along_rows(LogSumExp<T>{job.x, job.weights, job.out, 1, job.n_rows, 1}, context);
    else
        along_columns(job, context);
}

}  // namespace

namespace GIBBSITE_ISA {
constinit const CoreTable<float> core_float{logsumexp<float>};
constinit const CoreTable<double> core_double{logsumexp<double>};
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite

// log Z by enumerating the hidden states, in float64.
//
// A block takes all settings of the lower ten hidden units under one setting of the others: a thread one of 256, in
// four variants. An activation is b + h W = lower table + upper table (+ the variant's weights), with both tables of 16
// sums for each of 64 visible units in shared memory. One exponential an activation, and one logarithm for 64 of them.
#include "core/scratch.cuh"
#include "core/warp.cuh"
#include "rbm/api.hpp"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256, thread_bits = 8, variant_bits = 2, block_bits = thread_bits + variant_bits;
constexpr int n_variants = 1 << variant_bits, tile_units = 64, table_bits = 4, table_size = 1 << table_bits;
constexpr std::int64_t most_blocks = 2048;

// log of a sum of exponentials, grown term by term: sum e^highest. NaN ends up in the sum.
struct LogSum {
    double highest, sum;

    __device__ __forceinline__ static LogSum nothing() { return {-INFINITY, 0}; }
    __device__ __forceinline__ void add(double term) { join({term, 1}); }
    __device__ __forceinline__ void join(LogSum other) {
        if (other.highest > highest) {
            const LogSum mine = *this;
            *this = other;
            other = mine;
        }
        // Equal infinities differ by nothing; a sum of zero stays out.
        if (other.sum != 0) sum += other.highest == highest ? other.sum : other.sum * exp(other.highest - highest);
    }
};

// The block's sum, known to thread 0; in a fixed order. `parts` is shared memory.
__device__ __forceinline__ LogSum block_join(LogSum mine, LogSum* parts) {
    parts[threadIdx.x] = mine;
    for (int half = threads_per_block / 2; half > 0; half /= 2) {
        __syncthreads();
        if (int(threadIdx.x) < half) {
            mine.join(parts[threadIdx.x + half]);
            parts[threadIdx.x] = mine;
        }
    }
    return mine;
}

// The factor of the visible units of one state, its logarithm grown unit by unit.
template <VisibleKind kind>
struct VisibleFactor;

// sum of log(1 + e^x) = max(x, 0) + log(1 + e^-|x|), the latter as a product of factors in (1, 2]
template <>
struct VisibleFactor<VisibleKind::bernoulli> {
    double logarithm = 0, product = 1;

    __device__ __forceinline__ void add(double x) {
        logarithm += x > 0 ? x : (x == x ? 0.0 : x);
        product *= 1 + exp_nonpositive(x < 0 ? x : -x);
    }
    __device__ __forceinline__ void end_group() {}
    __device__ __forceinline__ void end_tile() {
        logarithm += gibbsite::log(product);
        product = 1;
    }
};

// sum over groups of log of the sum of e^x, relative to the highest x so far
template <>
struct VisibleFactor<VisibleKind::categorical> {
    double logarithm = 0, highest = -INFINITY, sum = 0;

    __device__ __forceinline__ void add(double x) {
        if (x == highest) {
            sum += 1;
            return;
        }
        const bool higher = x > highest;
        const double factor = exp_nonpositive(higher ? highest - x : x - highest);
        sum = higher ? sum * factor + 1 : sum + factor;
        highest = higher ? x : highest;
    }
    __device__ __forceinline__ void end_group() {
        logarithm += highest + gibbsite::log(sum);
        highest = -INFINITY;
        sum = 0;
    }
    __device__ __forceinline__ void end_tile() {}
};

// Everything over sqrt(2 s): ((b + x)^2 - b^2) / (2 s) is a square less a constant.
template <>
struct VisibleFactor<VisibleKind::gaussian> {
    double logarithm = 0;

    __device__ __forceinline__ void add(double x) { logarithm += x * x; }
    __device__ __forceinline__ void end_group() {}
    __device__ __forceinline__ void end_tile() {}
};

template <class T>
__device__ __forceinline__ double scale_of(const Machine<T>& machine, std::int64_t j) {
    return machine.variance != nullptr ? 1 / sqrt(2 * double(machine.variance[j])) : 1.0;
}

// The weights of `count` hidden units from `first` on whose bits are set, for one visible unit.
template <class T>
__device__ __forceinline__ double sum_of_bits(const Machine<T>& machine, std::int64_t bits, int first, int count,
                                              std::int64_t j) {
    double sum = 0;
    for (int i = 0; i < count && first + i < machine.n_hidden; ++i)
        if (bits >> i & 1) sum += double(machine.weights[(first + i) * machine.n_visible + j]);
    return sum;
}

template <class T>
__device__ __forceinline__ double bias_of_bits(const Machine<T>& machine, std::int64_t bits) {
    double sum = 0;
    for (int i = 0; i < machine.n_hidden; ++i)
        if (bits >> i & 1) sum += double(machine.hidden[i]);
    return sum;
}

// Activations of up to 64 visible units from `first` on.
struct Tables {
    double lower[tile_units][table_size], upper[tile_units][table_size];  // the upper one with b and the block's units
    double variant[tile_units][variant_bits];

    template <class T>
    __device__ __forceinline__ void fill(const Machine<T>& machine, std::int64_t high, std::int64_t first) {
        const int unit = int(threadIdx.x) % tile_units, line = int(threadIdx.x) / tile_units;
        const std::int64_t j = first + unit;
        if (j >= machine.n_visible) return;
        const double scale = scale_of(machine, j);
        const double rest =
            double(machine.visible[j]) + sum_of_bits(machine, high, block_bits, int(machine.n_hidden) - block_bits, j);
        for (int entry = line; entry < table_size; entry += threads_per_block / tile_units) {
            lower[unit][entry] = scale * sum_of_bits(machine, entry, 0, table_bits, j);
            upper[unit][entry] = scale * (rest + sum_of_bits(machine, entry, table_bits, table_bits, j));
        }
        if (line < variant_bits) variant[unit][line] = scale * sum_of_bits(machine, 1, thread_bits + line, 1, j);
    }
};

// Adds one tile to the factors of a thread's four states; `group` counts the categorical groups that have ended.
template <class T, VisibleKind kind>
__device__ __forceinline__ void add_tile(const Machine<T>& machine, const Tables& tables, std::int64_t first,
                                         std::int64_t& group, VisibleFactor<kind> (&factor)[n_variants]) {
    const std::int64_t left = machine.n_visible - first;
    for (int unit = 0; unit < tile_units && unit < left; ++unit) {
        const double x = tables.lower[unit][threadIdx.x % table_size] + tables.upper[unit][threadIdx.x / table_size];
#pragma unroll
        for (int v = 0; v < n_variants; ++v)
            factor[v].add(x + (v & 1 ? tables.variant[unit][0] : 0.0) + (v & 2 ? tables.variant[unit][1] : 0.0));
        if (kind != VisibleKind::categorical || first + unit + 1 != machine.groups[group + 1]) continue;
        ++group;
#pragma unroll
        for (int v = 0; v < n_variants; ++v) factor[v].end_group();
    }
#pragma unroll
    for (int v = 0; v < n_variants; ++v) factor[v].end_tile();
}

template <class T, VisibleKind kind>
__global__ void __launch_bounds__(threads_per_block, 2)
    enumerate_kernel(Machine<T> machine, std::int64_t n_high, LogSum* partial) {
    __shared__ Tables tables;
    __shared__ LogSum parts[threads_per_block];
    const std::int64_t n_states = std::int64_t(1) << machine.n_hidden;
    LogSum sum = LogSum::nothing();
    for (std::int64_t high = blockIdx.x; high < n_high; high += gridDim.x) {
        VisibleFactor<kind> factor[n_variants];
        std::int64_t group = 0;
        for (std::int64_t first = 0; first < machine.n_visible; first += tile_units) {
            __syncthreads();
            tables.fill(machine, high, first);
            __syncthreads();
            add_tile(machine, tables, first, group, factor);
        }
        for (int v = 0; v < n_variants; ++v) {
            const std::int64_t state = high << block_bits | std::int64_t(v) << thread_bits | threadIdx.x;
            if (state < n_states) sum.add(factor[v].logarithm + bias_of_bits(machine, state));
        }
    }
    sum = block_join(sum, parts);
    if (threadIdx.x == 0) partial[blockIdx.x] = sum;
}

template <class T>
__global__ void __launch_bounds__(threads_per_block)
    finish_kernel(Machine<T> machine, const LogSum* partial, int n_partial, double* out) {
    __shared__ LogSum parts[threads_per_block];
    __shared__ double constants[threads_per_block / 32];
    LogSum sum = LogSum::nothing();
    for (int i = threadIdx.x; i < n_partial; i += threads_per_block) sum.join(partial[i]);
    double constant = 0;
    if (machine.variance != nullptr)
        for (std::int64_t j = threadIdx.x; j < machine.n_visible; j += threads_per_block) {
            const double b = double(machine.visible[j]) * scale_of(machine, j);
            constant += 0.5 * log(2 * 3.14159265358979323846 * double(machine.variance[j])) - b * b;
        }
    sum = block_join(sum, parts);
    constant = block_sum(constant, constants);
    if (threadIdx.x == 0) *out = sum.highest + log(sum.sum) + constant;
}

}  // namespace

template <class T>
void exact_log_partition(const Machine<T>& machine, double* out, Context context) {
    const cudaStream_t stream = stream_of(context);
    const std::int64_t n_high = machine.n_hidden > block_bits ? std::int64_t(1) << (machine.n_hidden - block_bits) : 1;
    const std::int64_t blocks = n_high < most_blocks ? n_high : most_blocks;
    const Scratch<LogSum> partial(blocks, stream);
    const VisibleKind kind = machine.kind();
    launch(kind == VisibleKind::bernoulli  ? enumerate_kernel<T, VisibleKind::bernoulli>
           : kind == VisibleKind::gaussian ? enumerate_kernel<T, VisibleKind::gaussian>
                                           : enumerate_kernel<T, VisibleKind::categorical>,
           {unsigned(blocks), threads_per_block, stream}, machine, n_high, partial.data());
    launch(finish_kernel<T>, {1, threads_per_block, stream}, machine, partial.data(), int(blocks), out);
}

template void exact_log_partition(const Machine<float>&, double*, Context);
template void exact_log_partition(const Machine<double>&, double*, Context);

}  // namespace gibbsite::cuda

// Tiles of a product in ordinary arithmetic: 256 threads, 16 times `rows` rows by 64 outputs, inputs in steps of 16
// that pass through shared memory; the next step is on its way to registers while the present one is multiplied.
#pragma once

#include "core/warp.cuh"
#include "rbm/finishes.cuh"

namespace gibbsite::cuda {

constexpr int product_threads = 256, product_depth = 16;

// One side of a product: elements (outer, depth) of bytes or numbers. Gradients ask for a weight at each depth, and for
// ones behind the last outer index.
template <class T>
struct Operand {
    const std::uint8_t* bytes;
    const T* numbers;
    std::int64_t outer_stride, depth_stride;  // one of them is 1
    std::int64_t n_outer;
    const T* weight = nullptr;
    bool ones_behind = false;

    __device__ __forceinline__ bool runs_along_depth() const { return depth_stride == 1; }

    // The element, which lies at `at`.
    __device__ __forceinline__ T value(std::int64_t outer, std::int64_t depth, std::int64_t at) const {
        T value = ones_behind && outer == n_outer ? T(1) : T(0);
        if (outer < n_outer) value = bytes != nullptr ? T(bytes[at]) : numbers[at];
        return weight != nullptr ? weight[depth] * value : value;
    }
};

// A step's elements of one operand in registers, between global and shared memory. Neighbouring threads read
// neighbouring addresses.
template <class T, int width>
struct FetchedStep {
    static constexpr int count = width * product_depth / product_threads;

    // Threads side by side; from one element of a thread to its next.
    static constexpr int outer_step = product_threads / product_depth, depth_step = product_threads / width;

    T value[count];

    __device__ __forceinline__ void load(const Operand<T>& operand, std::int64_t first, std::int64_t begin,
                                         std::int64_t end) {
        const bool along = operand.runs_along_depth();
        const std::int64_t outer = first + first_outer(along), depth = begin + first_depth(along);
        const std::int64_t step = along ? outer_step * operand.outer_stride : depth_step * operand.depth_stride;
        std::int64_t at = outer * operand.outer_stride + depth * operand.depth_stride;
#pragma unroll
        for (int s = 0; s < count; ++s, at += step) {
            const std::int64_t o = along ? outer + s * outer_step : outer, d = along ? depth : depth + s * depth_step;
            value[s] = d < end ? operand.value(o, d, at) : T(0);
        }
    }
    template <int pitch>
    __device__ __forceinline__ void store(const Operand<T>& operand, T (&tile)[product_depth][pitch]) const {
        const bool along = operand.runs_along_depth();
        T* to = &tile[first_depth(along)][first_outer(along)];
        const int step = along ? outer_step : depth_step * pitch;
#pragma unroll
        for (int s = 0; s < count; ++s) to[s * step] = value[s];
    }

private:
    __device__ __forceinline__ static int first_depth(bool along) {
        return along ? int(threadIdx.x) % product_depth : int(threadIdx.x) / width;
    }
    __device__ __forceinline__ static int first_outer(bool along) {
        return along ? int(threadIdx.x) / product_depth : int(threadIdx.x) % width;
    }
};

// `rows` rows a thread. Pitches keep vectors aligned and spread the stores over the banks.
template <class T, int rows>
struct ProductTiles {
    static constexpr int height = 16 * rows;

    alignas(16) T a[product_depth][height + vector_width<T>];
    T b[product_depth][units_per_group + 1];

    // sum[r][k] += a(first_row + row(r), .) b(first_unit + column + 16 k, .) over depths [begin, end)
    __device__ __forceinline__ void accumulate(const Operand<T>& left, const Operand<T>& right, std::int64_t first_row,
                                               std::int64_t first_unit, std::int64_t begin, std::int64_t end,
                                               T (&sum)[rows][4]) {
        FetchedStep<T, height> next_a;
        FetchedStep<T, units_per_group> next_b;
        next_a.load(left, first_row, begin, end);
        next_b.load(right, first_unit, begin, end);
        for (std::int64_t depth = begin; depth < end; depth += product_depth) {
            __syncthreads();
            next_a.store(left, a);
            next_b.store(right, b);
            __syncthreads();
            if (depth + product_depth < end) {
                next_a.load(left, first_row, depth + product_depth, end);
                next_b.load(right, first_unit, depth + product_depth, end);
            }
            multiply(sum);
        }
    }

    __device__ __forceinline__ static int row(int r) { return int(threadIdx.x) / 16 * rows + r; }
    __device__ __forceinline__ static int column() { return int(threadIdx.x) % 16; }

private:
    __device__ __forceinline__ void multiply(T (&sum)[rows][4]) const {
#pragma unroll 4
        for (int d = 0; d < product_depth; ++d) {
            alignas(16) T x[rows];
            T w[4];
            load_rows(&a[d][row(0)], x);
#pragma unroll
            for (int k = 0; k < 4; ++k) w[k] = b[d][column() + 16 * k];
#pragma unroll
            for (int r = 0; r < rows; ++r) {
#pragma unroll
                for (int k = 0; k < 4; ++k) sum[r][k] += x[r] * w[k];
            }
        }
    }
    __device__ __forceinline__ static void load_rows(const T* from, T (&x)[rows]) {
        constexpr int step = rows % vector_width<T> == 0 ? vector_width<T> : 1;
#pragma unroll
        for (int r = 0; r < rows; r += step) {
            if constexpr (step > 1)
                load_vector(from + r, x + r);
            else
                x[r] = from[r];
        }
    }
};

}  // namespace gibbsite::cuda

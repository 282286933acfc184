// Tiles of a product on the matrix unit: 128 threads, 16 times m_tiles rows by 64 outputs, one warp for 16 of them.
//
// A slab of states passes through shared memory, laid out so that a lane finds its share in one access; every warp
// wants all of it. Numbers belong to one warp alone: a lane reads its own from global memory and splits them in
// registers, once for all rows of the block. Both are on their way for the next slab while the present one is
// multiplied. At N = 10,000, H = 500, D = 784 a product is 3.9e9 multiply-adds, 1.2e10 in bfloat16: by count, not by
// clock, 50 us of a H200's matrix units; W is read 79 times from the second-level cache, 0.1 GB.
#pragma once

#include "core/warp.cuh"
#include "rbm/matrix_unit.cuh"
#include "rbm/units.hpp"

namespace gibbsite::cuda {

constexpr int matrix_threads = 128;
// What the registers allow without spills.
template <int m_tiles>
constexpr int blocks_per_multiprocessor = m_tiles >= 8 ? 2 : 3;

template <int m_tiles>
struct MatrixShape {
    static constexpr int rows = 16 * m_tiles;
    static constexpr int slab_tiles = m_tiles >= 8 ? 2 : 4;  // of 16 inputs
    static constexpr int slab_depth = 16 * slab_tiles, quads = slab_depth / 4;
    static constexpr int words_per_thread = rows * quads / matrix_threads;
    static constexpr int tile_words = 4 * rows + 16;  // padded: neighbouring tiles begin in other banks
    static constexpr int slab_words = slab_tiles * tile_words;

    // Where the word of four neighbouring inputs of a row lies in a slab.
    __device__ __forceinline__ static int word(int row, int quad) {
        return quad / 4 * tile_words + row / 16 * 64 + (row % 8 * 4 + quad % 4) * 2 + row % 16 / 8;
    }
};

// Bytes (rows, inputs), inputs contiguous.
struct StateRows {
    const std::uint8_t* bytes;
    std::int64_t n_rows, n_inputs;
    bool aligned;  // to words

    template <int m_tiles>
    struct Fetched {
        using Shape = MatrixShape<m_tiles>;
        unsigned value[Shape::words_per_thread];

        __device__ __forceinline__ void load(const StateRows& states, std::int64_t first_row, std::int64_t depth,
                                             std::int64_t end) {
#pragma unroll
            for (int s = 0; s < Shape::words_per_thread; ++s)
                value[s] = states.word(first_row + row(s), depth + 4 * quad(s), end);
        }
        __device__ __forceinline__ void store(unsigned* slab) const {
#pragma unroll
            for (int s = 0; s < Shape::words_per_thread; ++s) slab[Shape::word(row(s), quad(s))] = to_halves(value[s]);
        }

    private:
        __device__ __forceinline__ static int row(int s) {
            return (int(threadIdx.x) + s * matrix_threads) / Shape::quads;
        }
        __device__ __forceinline__ static int quad(int s) {
            return (int(threadIdx.x) + s * matrix_threads) % Shape::quads;
        }
    };

    // States k to k + 3 of a row, zero from `end` on.
    __device__ __forceinline__ unsigned word(std::int64_t row, std::int64_t k, std::int64_t end) const {
        if (row >= n_rows || k >= end) return 0;
        const std::uint8_t* from = bytes + row * n_inputs + k;
        if (aligned && k + 4 <= end) return *reinterpret_cast<const unsigned*>(from);
        unsigned four = 0;
        for (int i = 0; i < 4; ++i)
            if (k + i < end) four |= unsigned(from[i]) << 8 * i;
        return four;
    }
};

// Bytes (inputs, rows), rows contiguous, and one row of ones behind the last: a gradient's visible units.
struct StateColumns {
    const std::uint8_t* bytes;
    std::int64_t n_rows;
    bool aligned;

    template <int m_tiles>
    struct Fetched {
        using Shape = MatrixShape<m_tiles>;
        static constexpr int squares = Shape::words_per_thread / 4;  // of 4 rows x 4 inputs
        unsigned value[squares][4];

        __device__ __forceinline__ void load(const StateColumns& states, std::int64_t first_row, std::int64_t depth,
                                             std::int64_t end) {
#pragma unroll
            for (int s = 0; s < squares; ++s) {
#pragma unroll
                for (int i = 0; i < 4; ++i) value[s][i] = states.word(first_row + row(s), depth + 4 * quad(s) + i, end);
            }
        }
        __device__ __forceinline__ void store(unsigned* slab) const {
#pragma unroll
            for (int s = 0; s < squares; ++s) {
                unsigned turned[4];
                turn(value[s], turned);
#pragma unroll
                for (int i = 0; i < 4; ++i) slab[Shape::word(row(s) + i, quad(s))] = to_halves(turned[i]);
            }
        }

    private:
        __device__ __forceinline__ static int row(int s) {
            return (int(threadIdx.x) + s * matrix_threads) % (Shape::rows / 4) * 4;
        }
        __device__ __forceinline__ static int quad(int s) {
            return (int(threadIdx.x) + s * matrix_threads) / (Shape::rows / 4);
        }
        // The square of bytes, transposed.
        __device__ __forceinline__ static void turn(const unsigned (&from)[4], unsigned (&to)[4]) {
            constexpr unsigned lower_bytes = 0x5140, upper_bytes = 0x7362, lower_half = 0x5410, upper_half = 0x7632;
            const unsigned a = pick_bytes(from[0], from[1], lower_bytes), b = pick_bytes(from[2], from[3], lower_bytes);
            const unsigned c = pick_bytes(from[0], from[1], upper_bytes), d = pick_bytes(from[2], from[3], upper_bytes);
            to[0] = pick_bytes(a, b, lower_half);
            to[1] = pick_bytes(a, b, upper_half);
            to[2] = pick_bytes(c, d, lower_half);
            to[3] = pick_bytes(c, d, upper_half);
        }
    };

    // Rows j to j + 3 of one input.
    __device__ __forceinline__ unsigned word(std::int64_t j, std::int64_t input, std::int64_t end) const {
        if (input >= end || j > n_rows) return 0;
        const std::uint8_t* from = bytes + input * n_rows + j;
        if (aligned && j + 4 <= n_rows) return *reinterpret_cast<const unsigned*>(from);
        unsigned four = 0;
        for (int i = 0; i < 4 && j + i <= n_rows; ++i) four |= (j + i < n_rows ? unsigned(from[i]) : 1u) << 8 * i;
        return four;
    }
};

// Numbers (outputs, inputs), inputs contiguous.
struct NumberRows {
    const float* numbers;
    std::int64_t n_inputs, n_outputs;
    bool aligned;  // to vectors of four

    // Inputs k to k + 3 of two neighbouring outputs, zero from `end` on. Outputs beyond the last are never used: they
    // read the last.
    __device__ __forceinline__ void load(std::int64_t output, std::int64_t k, std::int64_t end,
                                         float (&x)[2][4]) const {
#pragma unroll
        for (int e = 0; e < 2; ++e) {
            const std::int64_t inside = output + e < n_outputs ? output + e : n_outputs - 1;
            const float* from = numbers + inside * n_inputs + k;
            if (aligned && k + 4 <= end) {
                load_vector(from, x[e]);
            } else {
#pragma unroll
                for (int i = 0; i < 4; ++i) x[e][i] = k + i < end ? from[i] : 0.0f;
            }
        }
    }
};

// Numbers (inputs, outputs), outputs contiguous. Gradients ask for a weight of each input, and for ones behind the last
// output.
struct NumberColumns {
    const float* numbers;
    std::int64_t n_outputs;
    bool aligned;  // to vectors of two
    const float* weight = nullptr;
    bool ones_behind = false;

    __device__ __forceinline__ void load(std::int64_t output, std::int64_t k, std::int64_t end,
                                         float (&x)[2][4]) const {
#pragma unroll
        for (int i = 0; i < 4; ++i) {
            x[0][i] = x[1][i] = 0;
            if (k + i >= end) continue;
            const float* from = numbers + (k + i) * n_outputs + output;
            if (aligned && output + 2 <= n_outputs) {
                const float2 both = *reinterpret_cast<const float2*>(from);
                x[0][i] = both.x;
                x[1][i] = both.y;
            } else {
#pragma unroll
                for (int e = 0; e < 2; ++e)
                    x[e][i] = output + e < n_outputs ? from[e] : ones_behind && output + e == n_outputs ? 1.0f : 0.0f;
            }
            if (weight == nullptr) continue;
#pragma unroll
            for (int e = 0; e < 2; ++e) x[e][i] *= weight[k + i];
        }
    }
};

// Sums of a warp, twice 16 rows by 8 outputs for each of m_tiles. Of tile m and e = 0, 1, lane 4g + t has: rows
// 16 m + g (elements 0, 1) and 16 m + g + 8 (2, 3), outputs 16 warp + 4t + e (0, 2) and 16 warp + 4t + 2 + e (1, 3).
template <int m_tiles>
struct WarpSums {
    using Shape = MatrixShape<m_tiles>;
    SumFragments<m_tiles> value = {};

    // One tile of 16 inputs: its words of states, and four inputs of the lane's two outputs, split.
    __device__ __forceinline__ void add(const unsigned* tile, const NumberFragments& b) {
        StateFragments<m_tiles> a;
#pragma unroll
        for (int m = 0; m < m_tiles; ++m)
            unpack_states(*reinterpret_cast<const uint2*>(tile + m * 64 + int(threadIdx.x) % 32 * 2), a[m]);
        multiply_add<m_tiles>(value, a, b);
    }
};

// The two outputs of a lane.
__device__ __forceinline__ int lane_output() { return int(threadIdx.x) / 32 * 16 + int(threadIdx.x) % 32 / 4 * 2; }

// Adds inputs [begin, end) to the sums. `slabs` is shared memory for two of them; other threads may still read it.
template <int m_tiles, class A, class B>
__device__ __forceinline__ void add_inputs(const A& states, const B& numbers, std::int64_t first_row,
                                           std::int64_t first_output, std::int64_t begin, std::int64_t end,
                                           unsigned* slabs, WarpSums<m_tiles>& sums) {
    using Shape = MatrixShape<m_tiles>;
    const std::int64_t output = first_output + lane_output();
    const int quad = int(threadIdx.x) % 4 * 4;
    typename A::template Fetched<m_tiles> next_states;
    alignas(16) float next[Shape::slab_tiles][2][4];
    const auto fetch_numbers = [&](int tile, std::int64_t depth) {
        numbers.load(output, depth + 16 * tile + quad, end, next[tile]);
    };
    __syncthreads();
    next_states.load(states, first_row, begin, end);
#pragma unroll
    for (int tile = 0; tile < Shape::slab_tiles; ++tile) fetch_numbers(tile, begin);
    int slab = 0;
    for (std::int64_t depth = begin; depth < end; depth += Shape::slab_depth) {
        next_states.store(slabs + slab);
        __syncthreads();
        next_states.load(states, first_row, depth + Shape::slab_depth, end);
#pragma unroll
        for (int tile = 0; tile < Shape::slab_tiles; ++tile) {
            NumberFragments b;
#pragma unroll
            for (int e = 0; e < 2; ++e) split_numbers(next[tile][e], b[e]);
            fetch_numbers(tile, depth + Shape::slab_depth);  // zeros behind the end
            sums.add(slabs + slab + tile * Shape::tile_words, b);
        }
        slab = Shape::slab_words - slab;
    }
}

}  // namespace gibbsite::cuda

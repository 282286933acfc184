// Half sweeps: what gaussian and categorical visible units need besides the products.
#include "rbm/sweep.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;

template <class T>
__global__ void __launch_bounds__(threads_per_block)
    divide_kernel(const T* weights, const T* variance, std::int64_t n, std::int64_t n_visible, T* out) {
    const std::int64_t stride = std::int64_t(gridDim.x) * threads_per_block;
    for (std::int64_t i = std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x; i < n; i += stride)
        out[i] = weights[i] / variance[i % n_visible];
}

// The activations of one group of one row.
template <class T>
struct Group {
    const T* x;
    std::int64_t size;

    __device__ __forceinline__ T highest() const {
        T highest = x[0];
        for (std::int64_t k = 1; k < size; ++k) highest = x[k] > highest ? x[k] : highest;
        return highest;
    }
    __device__ __forceinline__ T total(T highest) const {
        T sum = 0;
        for (std::int64_t k = 0; k < size; ++k) sum += gibbsite::exp(T(x[k] - highest));
        return sum;
    }
    // How many of the first size - 1 running sums are at most the target.
    __device__ __forceinline__ std::int64_t choose(T highest, T target) const {
        std::int64_t chosen = 0;
        T running = 0;
        for (std::int64_t k = 0; k + 1 < size; ++k) {
            running += gibbsite::exp(T(x[k] - highest));
            if (running <= target) ++chosen;
        }
        return chosen;
    }
};

// A thread takes one group of one row.
template <class T>
__global__ void __launch_bounds__(threads_per_block)
    groups_kernel(Machine<T> machine, const T* activations, std::int64_t n_rows, T* probabilities, std::uint8_t* states,
                  const std::uint8_t* clamp, SweepPlace place) {
    const std::int64_t stride = std::int64_t(gridDim.x) * threads_per_block;
    for (std::int64_t i = std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x; i < n_rows * machine.n_groups;
         i += stride) {
        const std::int64_t row = i / machine.n_groups, g = i % machine.n_groups;
        const std::int64_t first = machine.groups[g], at = row * machine.n_visible + first;
        const Group<T> group{activations + at, machine.groups[g + 1] - first};
        if (group.size == 0) continue;
        const T highest = group.highest(), total = group.total(highest);
        if (states != nullptr) {
            const std::uint32_t word = unit_word(g, place, place.chain + std::uint32_t(row), Side::visible);
            const std::int64_t chosen = group.choose(highest, unit_uniform(word, T{}) * total);
            for (std::int64_t k = 0; k < group.size; ++k)
                if (clamp == nullptr || clamp[at + k] == 0) states[at + k] = k == chosen ? 1 : 0;
        }
        if (probabilities == nullptr) continue;
        for (std::int64_t k = 0; k < group.size; ++k)
            probabilities[at + k] = gibbsite::exp(T(group.x[k] - highest)) / total;
    }
}

}  // namespace

template <class T>
void divide_by_variance(const Machine<T>& machine, T* out, cudaStream_t stream) {
    const std::int64_t n = machine.n_hidden * machine.n_visible;
    if (n == 0) return;
    launch(divide_kernel<T>, {blocks_for(n, threads_per_block), threads_per_block, stream}, machine.weights,
           machine.variance, n, machine.n_visible, out);
}

template <class T>
void finish_groups(const Machine<T>& machine, const T* activations, std::int64_t n_rows, T* probabilities,
                   std::uint8_t* states, const std::uint8_t* clamp, const SweepPlace& place, cudaStream_t stream) {
    const std::int64_t n = n_rows * machine.n_groups;
    if (n == 0) return;
    launch(groups_kernel<T>, {blocks_for(n, threads_per_block), threads_per_block, stream}, machine, activations,
           n_rows, probabilities, states, clamp, place);
}

#define GIBBSITE_INSTANTIATE(T)                                                                                    \
    template void divide_by_variance(const Machine<T>&, T*, cudaStream_t);                                         \
    template void finish_groups(const Machine<T>&, const T*, std::int64_t, T*, std::uint8_t*, const std::uint8_t*, \
                                const SweepPlace&, cudaStream_t);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda

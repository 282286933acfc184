// One step of gradient ascent with momentum and weight decay; the norms come with it.
#include "core/scratch.cuh"
#include "core/warp.cuh"
#include "rbm/api.hpp"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256, n_norms = 4, least_per_thread = 4;
constexpr std::int64_t most_blocks = 1024;

// One kind of parameter: W, b or c.
template <class T>
struct Parameter {
    T *value, *velocity;  // velocity may be null
    const T* gradient;
    std::int64_t size;
    bool decays;
};

template <class T>
struct StepJob {
    Parameter<T> parameter[3];
    T rate, momentum, l1, l2;

    __host__ __device__ std::int64_t size() const { return parameter[0].size + parameter[1].size + parameter[2].size; }
    // velocity = momentum velocity + rate (gradient - l2 w - l1 sign w); returns the step
    __device__ __forceinline__ T step(const Parameter<T>& p, std::int64_t i, T w) const {
        T ascent = p.gradient[i];
        if (p.decays) ascent -= l2 * w + l1 * (T(w > T(0)) - T(w < T(0)));
        T step = rate * ascent;
        if (p.velocity != nullptr) p.velocity[i] = step += momentum * p.velocity[i];
        return step;
    }
};

// parts[norm * gridDim.x + block]: the block's share of each norm
template <class T>
__global__ void __launch_bounds__(threads_per_block, 4) step_kernel(StepJob<T> job, double* parts) {
    __shared__ double shared[n_norms][threads_per_block / 32];
    double norm[n_norms] = {};
    const std::int64_t stride = std::int64_t(gridDim.x) * threads_per_block;
    for (std::int64_t at = std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x; at < job.size(); at += stride) {
        std::int64_t i = at;
        int kind = 0;
        for (; i >= job.parameter[kind].size; ++kind) i -= job.parameter[kind].size;
        const Parameter<T>& p = job.parameter[kind];
        const T w = p.value[i], step = job.step(p, i, w), updated = w + step;
        p.value[i] = updated;
        const double value_square = double(updated) * double(updated), step_square = double(step) * double(step);
        norm[0] += kind == 0 ? value_square : 0.0;
        norm[1] += kind == 0 ? step_square : 0.0;
        norm[2] += kind == 0 ? 0.0 : value_square;
        norm[3] += kind == 0 ? 0.0 : step_square;
    }
#pragma unroll
    for (int k = 0; k < n_norms; ++k) {
        const double sum = block_sum(norm[k], shared[k]);
        if (threadIdx.x == 0) parts[k * gridDim.x + blockIdx.x] = sum;
    }
}

// A warp adds up the parts of one norm.
__global__ void __launch_bounds__(32 * n_norms) norms_kernel(const double* parts, int n_parts, double* norms) {
    const int k = int(threadIdx.x) / 32;
    double sum = 0;
    for (int i = int(threadIdx.x) % 32; i < n_parts; i += 32) sum += parts[k * n_parts + i];
    sum = warp_sum(sum);
    if (threadIdx.x % 32 == 0) norms[k] = sum;
}

}  // namespace

template <class T>
void update(const Ascent<T>& ascent, const T* weights_gradient, const T* visible_gradient, const T* hidden_gradient,
            std::int64_t n_hidden, std::int64_t n_visible, double* norms, Context context) {
    const cudaStream_t stream = stream_of(context);
    const StepJob<T> job{{{ascent.weights, ascent.weights_velocity, weights_gradient, n_hidden * n_visible, true},
                          {ascent.visible, ascent.visible_velocity, visible_gradient, n_visible, false},
                          {ascent.hidden, ascent.hidden_velocity, hidden_gradient, n_hidden, false}},
                         T(ascent.learning_rate),
                         T(ascent.momentum),
                         T(ascent.l1),
                         T(ascent.l2)};
    const std::int64_t wanted = ceil_div<std::int64_t>(job.size(), least_per_thread * threads_per_block);
    const unsigned blocks = unsigned(wanted < 1 ? 1 : wanted < most_blocks ? wanted : most_blocks);
    const Scratch<double> parts(n_norms * std::int64_t(blocks), stream);
    launch(step_kernel<T>, {blocks, threads_per_block, stream}, job, parts.data());
    launch(norms_kernel, {1, 32 * n_norms, stream}, parts.data(), int(blocks), norms);
}

template void update(const Ascent<float>&, const float*, const float*, const float*, std::int64_t, std::int64_t,
                     double*, Context);
template void update(const Ascent<double>&, const double*, const double*, const double*, std::int64_t, std::int64_t,
                     double*, Context);

}  // namespace gibbsite::cuda

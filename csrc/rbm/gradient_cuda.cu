// The gradient of the log likelihood: moments of both phases (moments.cuh), their difference, and what centring and
// variances make of it. Differences are taken in float64.
#include "core/scratch.cuh"
#include "rbm/moments.cuh"
#include "rbm/product.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;

template <class T>
struct GradientJob {
    MomentsJob<T> moments;
    const T *weights, *variance, *visible_center, *hidden_center;
    Gradient<T> out;
    double* interaction;  // (H, D) moments differences times weights: gaussian only
};

// What a unit of weight counts under the data, and under the model: one over the sum of the weights; zero without any.
struct Shares {
    double data = 0, model = 0;

    template <class T>
    __device__ explicit Shares(const MomentsJob<T>& job) {
        const auto total = [&](int first, int n_splits) {
            double sum = 0;
            for (int split = first; split < first + n_splits; ++split) sum += job.moments[(split + 1) * job.size() - 1];
            return sum;
        };
        data = inverse(total(0, job.data.n_splits));
        model = inverse(total(job.data.n_splits, job.model.n_splits));
    }

private:
    __device__ static double inverse(double total) { return total != 0 ? 1 / total : 0.0; }
};

// <h_i v_j> under the data less the same under the model; unit H or D is always on.
template <class T>
__device__ double difference(const MomentsJob<T>& job, const Shares& shares, std::int64_t i, std::int64_t j) {
    const double* moment = job.moments + i * (job.n_visible + 1) + j;
    double data = 0, model = 0;
    for (int split = 0; split < job.data.n_splits; ++split) data += moment[split * job.size()];
    for (int split = job.data.n_splits; split < job.n_splits(); ++split) model += moment[split * job.size()];
    return data * shares.data - model * shares.model;
}

template <class T>
__device__ double scale_of(const GradientJob<T>& job, std::int64_t j) {
    return job.variance != nullptr ? 1 / double(job.variance[j]) : 1.0;
}

// dW, and db and dc before centring.
template <class T>
__global__ void __launch_bounds__(threads_per_block) difference_kernel(GradientJob<T> job) {
    const std::int64_t H = job.moments.n_hidden, D = job.moments.n_visible, n = job.moments.size();
    const std::int64_t stride = std::int64_t(gridDim.x) * threads_per_block;
    const Shares shares(job.moments);
    for (std::int64_t at = std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x; at < n; at += stride) {
        const std::int64_t i = at / (D + 1), j = at % (D + 1);
        if (i == H && j == D) continue;
        const double scale = j < D ? scale_of(job, j) : 1.0;
        double value = difference(job.moments, shares, i, j) * scale;
        if (i == H) {
            job.out.visible[j] = T(value);
        } else if (j == D) {
            job.out.hidden[i] = T(value);
        } else {
            if (job.interaction != nullptr) job.interaction[i * D + j] = value * double(job.weights[i * D + j]);
            if (job.visible_center != nullptr)
                value -= scale * (double(job.hidden_center[i]) * difference(job.moments, shares, H, j) +
                                  double(job.visible_center[j]) * difference(job.moments, shares, i, D));
            job.out.weights[i * D + j] = T(value);
        }
    }
}

constexpr int columns = 32, lines = 8;

// Threads (line, column) of a block add up f(i, j) over i for 32 neighbouring j; line 0 has the sums.
template <class F>
__device__ double column_sum(std::int64_t n, std::int64_t j, std::int64_t n_columns, double (*parts)[columns],
                             const F& f) {
    const int line = int(threadIdx.x) / columns, column = int(threadIdx.x) % columns;
    double sum = 0;
    if (j < n_columns)
        for (std::int64_t i = line; i < n; i += lines) sum += f(i);
    __syncthreads();
    parts[line][column] = sum;
    __syncthreads();
    if (line == 0)
        for (int other = 1; other < lines; ++other) sum += parts[other][column];
    return sum;
}

// sum over the rows of one phase of weight (v_j - b_j)^2
template <class T>
__device__ double spread(const Phase<T>& phase, double b, std::int64_t j, std::int64_t D, double (*parts)[columns]) {
    return column_sum(phase.visible.n_rows, j, D, parts, [&](std::int64_t row) {
        const std::int64_t at = row * D + j;
        const double v =
            phase.visible.bytes != nullptr ? double(phase.visible.bytes[at]) : double(phase.visible.numbers[at]);
        const double off = v - b;
        return (phase.weight != nullptr ? double(phase.weight[row]) : 1.0) * off * off;
    });
}

// d log likelihood / d log s_j = <(v_j - b_j)^2 / (2 s_j) - v_j (h W)_j / s_j>, data less model (Cho et al. 2011).
template <class T>
__global__ void __launch_bounds__(columns* lines) log_variance_kernel(GradientJob<T> job, const T* bias) {
    __shared__ double parts[lines][columns];
    const std::int64_t D = job.moments.n_visible, j = std::int64_t(blockIdx.x) * columns + threadIdx.x % columns;
    const Shares shares(job.moments);
    const double b = j < D ? double(bias[j]) : 0.0;
    double value = shares.data * spread(job.moments.data, b, j, D, parts);
    value -= shares.model * spread(job.moments.model, b, j, D, parts);
    if (j < D) value *= 0.5 * scale_of(job, j);
    value -= column_sum(job.moments.n_hidden, j, D, parts, [&](std::int64_t i) { return job.interaction[i * D + j]; });
    if (threadIdx.x < columns && j < D) job.out.log_variance[j] = T(value);
}

// The enhanced gradient's biases as changes of the ordinary parameters (Melchior, Fischer & Wiskott 2016):
// db -= dW^T lambda in the first blocks, dc -= dW mu in the others, one warp a hidden unit.
template <class T>
__global__ void __launch_bounds__(columns* lines) centre_kernel(GradientJob<T> job, unsigned visible_blocks) {
    __shared__ double parts[lines][columns];
    const std::int64_t H = job.moments.n_hidden, D = job.moments.n_visible;
    const Shares shares(job.moments);
    if (blockIdx.x < visible_blocks) {
        const std::int64_t j = std::int64_t(blockIdx.x) * columns + threadIdx.x % columns;
        const double sum = column_sum(H, j, D, parts, [&](std::int64_t i) {
            return double(job.out.weights[i * D + j]) * double(job.hidden_center[i]);
        });
        if (threadIdx.x < columns && j < D)
            job.out.visible[j] = T(difference(job.moments, shares, H, j) * scale_of(job, j) - sum);
        return;
    }
    const std::int64_t i = std::int64_t(blockIdx.x - visible_blocks) * lines + threadIdx.x / 32;
    double sum = 0;
    if (i < H)
        for (std::int64_t j = threadIdx.x % 32; j < D; j += 32)
            sum += double(job.out.weights[i * D + j]) * double(job.visible_center[j]) * scale_of(job, j);
    sum = warp_sum(sum);
    if (i < H && threadIdx.x % 32 == 0) job.out.hidden[i] = T(difference(job.moments, shares, i, D) - sum);
}

// Stretches of rows so that both phases have about four blocks a multiprocessor, within a bound of scratch memory.
template <class T>
Phase<T> cut(const States<T>& visible, const T* hidden, const T* weight, std::int64_t n_hidden,
             std::int64_t n_visible) {
    constexpr std::int64_t wanted_blocks = 2 * one_block_each, most_elements = std::int64_t(1) << 25;
    const std::int64_t tiles = ceil_div<std::int64_t>(n_hidden + 1, 64) * ceil_div<std::int64_t>(n_visible + 1, 128);
    const std::int64_t flushes = ceil_div(visible.n_rows, rows_per_flush);
    const std::int64_t by_memory = most_elements / ((n_hidden + 1) * (n_visible + 1));
    std::int64_t splits = ceil_div(wanted_blocks, tiles);
    if (splits > by_memory) splits = by_memory;
    if (splits > flushes) splits = flushes;
    if (splits < 1) splits = 1;
    if (visible.n_rows == 0) return {visible, hidden, weight, 0, 0};
    const std::int64_t per_split = ceil_div(flushes, splits) * rows_per_flush;
    return {visible, hidden, weight, per_split, int(ceil_div(visible.n_rows, per_split))};
}

}  // namespace

template <class T>
void gradient(const Phases<T>& phases, const Machine<T>& machine, const Gradient<T>& out, Context context) {
    const std::int64_t H = machine.n_hidden, D = machine.n_visible;
    const cudaStream_t stream = stream_of(context);
    MomentsJob<T> moments{cut(phases.data, phases.data_hidden, phases.sample_weight, H, D),
                          cut(phases.model, phases.model_hidden, static_cast<const T*>(nullptr), H, D), H, D, nullptr};
    const Scratch<double> sums(moments.n_splits() * moments.size(), stream);
    const Scratch<double> interaction(out.log_variance != nullptr ? H * D : 0, stream);
    moments.moments = sums.data();
    sum_moments(moments, stream);

    const GradientJob<T> job{moments,
                             machine.weights,
                             machine.variance,
                             phases.visible_center,
                             phases.hidden_center,
                             out,
                             out.log_variance != nullptr ? interaction.data() : nullptr};
    const unsigned column_blocks = unsigned(ceil_div<std::int64_t>(D, columns));
    launch(difference_kernel<T>, {blocks_for(moments.size(), threads_per_block), threads_per_block, stream}, job);
    if (phases.visible_center != nullptr)
        launch(centre_kernel<T>, {column_blocks + unsigned(ceil_div<std::int64_t>(H, lines)), columns * lines, stream},
               job, column_blocks);
    if (out.log_variance != nullptr)
        launch(log_variance_kernel<T>, {column_blocks, columns * lines, stream}, job, machine.visible);
}

template void gradient(const Phases<float>&, const Machine<float>&, const Gradient<float>&, Context);
template void gradient(const Phases<double>&, const Machine<double>&, const Gradient<double>&, Context);

}  // namespace gibbsite::cuda

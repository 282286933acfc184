// Free energies, and annealed importance sampling (Neal 2001; Salakhutdinov & Murray 2008; reversed: Burda, Grosse &
// Salakhutdinov 2015). A step of annealing is a product towards the hidden units, which leaves each row's share of the
// weight beside the draws, a sum over the row, and a product back. Inverse temperatures are read on the card.
#include "rbm/sweep.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256, rows_per_block = threads_per_block / 32;

// A row's sum of f(j, v_j) over visible units and of the shares of the groups of hidden units; every lane of its warp
// has it.
template <class T, class F>
__device__ __forceinline__ double row_sum(const States<T>& visible, std::int64_t row, std::int64_t n_visible,
                                          const RowShare& share, std::int64_t n_groups, double share_sign, const F& f) {
    const int lane = int(threadIdx.x) % 32;
    double sum = 0;
    for (std::int64_t j = lane; j < n_visible; j += 32) {
        const std::int64_t at = row * n_visible + j;
        sum += f(j, visible.bytes != nullptr ? double(visible.bytes[at]) : double(visible.numbers[at]));
    }
    for (std::int64_t g = lane; g < n_groups; g += 32) sum += share_sign * share.part[g * share.n_rows + row];
    return warp_sum(sum);
}

__device__ __forceinline__ std::int64_t row_of_warp() {
    return std::int64_t(blockIdx.x) * rows_per_block + threadIdx.x / 32;
}

template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    free_energy_kernel(States<T> visible, Machine<T> machine, RowShare share, std::int64_t n_groups, T* out) {
    const std::int64_t row = row_of_warp();
    if (row >= visible.n_rows) return;
    const double energy =
        row_sum(visible, row, machine.n_visible, share, n_groups, -1.0, [&](std::int64_t j, double v) {
            const double b = double(machine.visible[j]);
            if (machine.variance == nullptr) return -b * v;
            return (v - b) * (v - b) / (2 * double(machine.variance[j]));
        });
    if (threadIdx.x % 32 == 0) out[row] = T(energy);
}

// log f_beta(v) is beta sum_j slope_j (v_j - middle_j) plus what the hidden units add, plus what is the same at every
// beta: slope = b - base, middle = 0; gaussian: slope = (b - base) / s, middle = (b + base) / 2.
struct Tilt {
    double *slope, *middle;
};

template <class T>
__global__ void __launch_bounds__(threads_per_block) tilt_kernel(Machine<T> machine, const T* base, Tilt tilt) {
    const std::int64_t j = std::int64_t(blockIdx.x) * threads_per_block + threadIdx.x;
    if (j >= machine.n_visible) return;
    const double b = double(machine.visible[j]), from = double(base[j]);
    const bool gaussian = machine.variance != nullptr;
    tilt.slope[j] = gaussian ? (b - from) / double(machine.variance[j]) : b - from;
    tilt.middle[j] = gaussian ? 0.5 * (b + from) : 0.0;
}

// log_weight += log f_to(v) - log f_from(v)
template <class T>
__global__ void __launch_bounds__(threads_per_block, 4)
    weight_kernel(States<T> visible, std::int64_t n_visible, Tilt tilt, RowShare share, std::int64_t n_groups,
                  double* log_weight) {
    const std::int64_t row = row_of_warp();
    if (row >= visible.n_rows) return;
    const double step = *share.to - *share.from;
    const double difference = row_sum(visible, row, n_visible, share, n_groups, 1.0, [&](std::int64_t j, double v) {
        return step * tilt.slope[j] * (v - tilt.middle[j]);
    });
    if (threadIdx.x % 32 == 0) log_weight[row] += difference;
}

unsigned row_blocks(std::int64_t n_rows) { return unsigned(ceil_div<std::int64_t>(n_rows, rows_per_block)); }

std::int64_t groups_of(std::int64_t n_units) { return ceil_div<std::int64_t>(n_units, units_per_group); }

// The chains of one call.
template <class T>
class AnnealedChains {
public:
    AnnealedChains(const Annealing<T>& annealing, const Machine<T>& machine, cudaStream_t stream)
        : annealing_(annealing),
          machine_(machine),
          stream_(stream),
          sweeps_(machine, annealing.n_chains, stream),
          hidden_(annealing.n_chains * machine.n_hidden, stream),
          parts_(annealing.n_chains * groups_of(machine.n_hidden), stream),
          tilt_(2 * machine.n_visible, stream) {
        launch(tilt_kernel<T>,
               {unsigned(ceil_div<std::int64_t>(machine.n_visible, threads_per_block)), threads_per_block, stream},
               machine, annealing.base, tilt());
    }

    // Forward, step k weighs betas k -> k + 1 and moves at k + 1; reversed, it weighs k - 1 -> k and moves at k, and
    // one more step weighs.
    void run(SweepPlace place) const {
        const std::int64_t n_steps = annealing_.n_steps;
        const bool reverse = annealing_.reverse;
        for (std::int64_t k = 0; k < n_steps + (reverse ? 1 : 0); ++k, ++place.sweep) {
            const bool weighs = !reverse || k > 0, moves = !reverse || k < n_steps;
            const double* from = annealing_.betas + (reverse ? k - 1 : k);
            const double* at = annealing_.betas + (reverse ? k : k + 1);
            RowShare share;
            if (weighs) share = {parts_.data(), from, from + 1, annealing_.n_chains};
            to_hidden(share, moves ? at : nullptr, place);
            if (weighs)
                launch(weight_kernel<T>, {row_blocks(annealing_.n_chains), threads_per_block, stream_}, visible(),
                       machine_.n_visible, tilt(), share, groups_of(machine_.n_hidden), annealing_.log_weight);
            if (moves) to_visible(at, place);
        }
    }

private:
    States<T> visible() const { return {annealing_.visible_bytes, annealing_.visible_numbers, annealing_.n_chains}; }
    Tilt tilt() const { return {tilt_.data(), tilt_.data() + machine_.n_visible}; }

    void to_hidden(const RowShare& share, const double* beta, const SweepPlace& place) const {
        BinaryFinish<T> finish = sweeps_.hidden_finish({nullptr, true});
        finish.activation.annealed = beta;
        finish.place = place;
        finish.states = beta != nullptr ? hidden_.data() : nullptr;
        finish.share = share;
        sweeps_.to_hidden(visible(), finish);
    }
    void to_visible(const double* beta, const SweepPlace& place) const {
        const States<T> hidden{hidden_.data(), nullptr, annealing_.n_chains};
        sweeps_.to_visible(hidden, {machine_.visible, {nullptr, true}, beta, annealing_.base}, {nullptr, true},
                           {nullptr, annealing_.visible_bytes, annealing_.visible_numbers}, place);
    }

    Annealing<T> annealing_;
    Machine<T> machine_;
    cudaStream_t stream_;
    HalfSweeps<T> sweeps_;
    Scratch<std::uint8_t> hidden_;
    Scratch<double> parts_, tilt_;
};

}  // namespace

template <class T>
void free_energy(const States<T>& visible, const Machine<T>& machine, T* out, Context context) {
    if (visible.n_rows == 0) return;
    const cudaStream_t stream = stream_of(context);
    const std::int64_t n_groups = groups_of(machine.n_hidden);
    const Scratch<double> parts(visible.n_rows * n_groups, stream);
    const HalfSweeps<T> sweeps(machine, 0, stream);
    BinaryFinish<T> finish = sweeps.hidden_finish({nullptr, true});
    finish.share = {parts.data(), nullptr, nullptr, visible.n_rows};
    sweeps.to_hidden(visible, finish);
    launch(free_energy_kernel<T>, {row_blocks(visible.n_rows), threads_per_block, stream}, visible, machine,
           finish.share, n_groups, out);
}

template <class T>
void ais_step(const Annealing<T>& annealing, const Machine<T>& machine, const SweepPlace& place, Context context) {
    if (annealing.n_chains == 0) return;
    AnnealedChains<T>(annealing, machine, stream_of(context)).run(place);
}

#define GIBBSITE_INSTANTIATE(T)                                                  \
    template void free_energy(const States<T>&, const Machine<T>&, T*, Context); \
    template void ais_step(const Annealing<T>&, const Machine<T>&, const SweepPlace&, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda

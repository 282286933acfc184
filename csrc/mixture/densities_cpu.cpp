// What a mixture says of each row: log probabilities, responsibilities, log density, the likeliest component. Compiled
// once per instruction set.
#include "mixture/source.hpp"
#include "mixture/table.hpp"

namespace gibbsite {
namespace {

// About a million multiply-adds a task, whole blocks.
template <class T>
std::int64_t rows_of_task(const Shape& shape) {
    const std::int64_t d = shape.n_features;
    const bool is_dense =
        shape.covariance_type == CovarianceType::full || shape.covariance_type == CovarianceType::tied;
    const std::int64_t work_of_row = shape.n_components * (is_dense ? d * (d + 1) / 2 : d) + d;
    const std::int64_t blocks = (std::int64_t(1) << 20) / (work_of_row * block_rows<T>);
    return block_rows<T> * (blocks > 1 ? smaller(blocks, 64) : 1);
}

// Calls use(block, first_row, log densities (K, block_rows)) for every block of rows.
template <class T, class Use>
void for_blocks(const Rows<T>& rows, const Gaussians<T>& given, Context context, Use use) {
    const PreparedModel<T> model(given, rows);
    const Shape& shape = model->shape;
    const std::int64_t task_rows = rows_of_task<T>(shape);
    parallel_for(divide_up(rows.n_rows, task_rows), int(context.value), [&](std::int64_t task, int) {
        const Workspace<T> work(thread_scratch(Workspace<T>::bytes(shape, 0)), shape);
        const std::int64_t begin = task * task_rows, end = smaller(begin + task_rows, rows.n_rows);
        for (std::int64_t first = begin; first < end; first += block_rows<T>) {
            const auto block = load_block(rows, first, model->centre, work.block);
            log_densities(*model, block, work.density_scratch, work.r, work.r);
            use(block, first, work.r);
        }
    });
}

// (K, block_rows) to rows of K.
template <class T>
void write_rows(const Block<T>& block, std::int64_t k, const T* values, T* out) {
    for (std::int64_t i = 0; i < block.count; ++i)
        for (std::int64_t c = 0; c < k; ++c) out[i * k + c] = values[c * block_rows<T> + i];
}

template <class T>
void log_prob(const Rows<T>& rows, const Gaussians<T>& model, T* out, Context context) {
    const std::int64_t k = model.n_components;
    for_blocks(rows, model, context, [&](const Block<T>& block, std::int64_t first, const T* density) {
        write_rows(block, k, density, out + first * k);
    });
}

// Log densities of one vector of rows become responsibilities, which add up to one whatever the size of the densities;
// returns the log density of the rows.
template <class T>
Simd<T> shares(T* density, std::int64_t k) {
    const auto [maximum, sum] = take_exponentials(density, k);
    scale_components(density, k, Simd<T>(broadcast<Simd<T>>(T(1)) / sum));
    return maximum + log_positive(sum);
}

// The same as logarithms, which keep what is too small for a number.
template <class T>
Simd<T> log_shares(T* density, std::int64_t k) {
    const auto [maximum, sum] = sum_of_exponentials(density, k);
    const Simd<T> total = maximum + log_positive(sum);
    for (std::int64_t c = 0; c < k; ++c) store(density + c * block_rows<T>, load(density + c * block_rows<T>) - total);
    return total;
}

template <class T>
void responsibilities(const Rows<T>& rows, const Gaussians<T>& model, bool logarithm, T* out, T* log_density,
                      Context context) {
    const std::int64_t k = model.n_components;
    for_blocks(rows, model, context, [&](const Block<T>& block, std::int64_t first, T* density) {
        T total[block_rows<T>];
        for (std::int64_t i = 0; i < block.vectors() * lane_count<T>; i += lane_count<T>) {
            block.prefetch_next(i);
            store(total + i, logarithm ? log_shares(density + i, k) : shares(density + i, k));
        }
        if (log_density)
            for (std::int64_t i = 0; i < block.count; ++i) log_density[first + i] = total[i];
        write_rows(block, k, density, out + first * k);
    });
}

template <class T>
void log_density(const Rows<T>& rows, const Gaussians<T>& model, T* out, Context context) {
    const std::int64_t k = model.n_components;
    for_blocks(rows, model, context, [&](const Block<T>& block, std::int64_t first, T* density) {
        T total[block_rows<T>];
        log_density_of_block(block, k, density, total);
        for (std::int64_t i = 0; i < block.count; ++i) out[first + i] = total[i];
    });
}

template <class T>
void predict(const Rows<T>& rows, const Gaussians<T>& model, std::int64_t* out, Context context) {
    using I = integer_of<Simd<T>>;
    const std::int64_t k = model.n_components;
    for_blocks(rows, model, context, [&](const Block<T>& block, std::int64_t first, const T* density) {
        for (std::int64_t i = 0; i < block.vectors() * lane_count<T>; i += lane_count<T>) {
            Simd<T> best = load(density + i);
            I label{};
            for (std::int64_t c = 1; c < k; ++c) {
                const Simd<T> value = load(density + c * block_rows<T> + i);
                const auto is_better = value > best;
                best = is_better ? value : best;
                label = is_better ? I(I{} + scalar_of<I>(c)) : label;
            }
            for (std::int64_t lane = 0; lane < smaller(lane_count<T>, block.count - i); ++lane)
                out[first + i + lane] = label[lane];
        }
    });
}

}  // namespace

namespace GIBBSITE_ISA {
constinit const DensityTable<float> density_float{log_prob<float>, responsibilities<float>, log_density<float>,
                                                  predict<float>};
constinit const DensityTable<double> density_double{log_prob<double>, responsibilities<double>, log_density<double>,
                                                    predict<double>};
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite

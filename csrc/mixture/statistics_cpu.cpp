// Sufficient statistics of diagonal, spherical and tied mixtures, and of full ones with few features, in one read of
// the data. Compiled once per instruction set.
//
// The rows are cut into chunks whose number depends on the sizes alone; each chunk adds up its own raw sums, and the
// chunks are added in order. So the answer does not depend on the number of threads.
#include "mixture/finish.hpp"
#include "mixture/moments.hpp"
#include "mixture/source.hpp"
#include "mixture/table.hpp"

namespace gibbsite {
namespace {

constexpr std::int64_t most_chunks = 64;
constexpr std::int64_t fewest_blocks = 8;                   // below, a chunk is not worth a thread's attention
constexpr std::int64_t most_bytes = std::int64_t(1) << 29;  // of partial sums

template <class T>
std::int64_t rows_of_chunk(std::int64_t n_rows, std::int64_t n_statistics) {
    const std::int64_t affordable = most_bytes / (8 * n_statistics) + 1;
    const std::int64_t n_chunks = smaller(most_chunks, affordable);
    const std::int64_t blocks = divide_up(divide_up(n_rows, block_rows<T>), n_chunks);
    return block_rows<T> * (blocks > fewest_blocks ? blocks : fewest_blocks);
}

template <class T>
void add_block(const Model<T>& model, const Block<T>& block, const Workspace<T>& work, double share, const Sums& sums) {
    const std::int64_t k = model.shape.n_components;
    add_weights(block, work.r, k, sums.weight);
    switch (model.shape.covariance_type) {
        case CovarianceType::diag:
            feature_moments<true>(model, block, work.r, share, sums);
            break;
        case CovarianceType::spherical:
            feature_moments<false>(model, block, work.r, share, sums);
            distance_moments(block, work.r, work.distance, k, sums.second);
            break;
        case CovarianceType::full:
            dense_moments<false>(model, block, work.r, sums);
            dense_scatter(model, block, work.r, sums.second);
            break;
        case CovarianceType::tied:
            feature_moments<false>(model, block, work.r, share, sums);
            total_scatter(model, block, work.r, work.moment_scratch, sums.second);
            break;
    }
}

template <class T>
void add_chunk(const Rows<T>& rows, const Model<T>& model, const Given<T>& given, std::int64_t begin, std::int64_t end,
               const Sums& sums) {
    const std::int64_t moment_doubles = moment_scratch_doubles<T>(model.shape);
    const Workspace<T> work(thread_scratch(Workspace<T>::bytes(model.shape, moment_doubles)), model.shape);
    const Rows<T> part{rows.x, rows.weight, end, rows.n_features};
    for (std::int64_t first = begin; first < end; first += block_rows<T>) {
        const auto block = load_block(part, first, model.centre, work.block);
        *sums.log_likelihood += fill_responsibilities(model, given, block, first, work);
        add_block(model, block, work, given.any() ? 0.0 : negligible_share<T>, sums);
    }
}

template <class T>
void accumulate(const Rows<T>& rows, const Model<T>& model, const Given<T>& given, double* stats, Context context) {
    const std::int64_t size = statistics_size(model.shape);
    const std::int64_t chunk = rows_of_chunk<T>(rows.n_rows, size);
    const std::int64_t n_chunks = divide_up(rows.n_rows, chunk);
    const Buffer partial(std::size_t(n_chunks > 1 ? (n_chunks - 1) * size : 1) * sizeof(double));
    parallel_for(n_chunks, int(context.value), [&](std::int64_t index, int) {
        double* data = index == 0 ? stats : partial.doubles() + (index - 1) * size;
        for (std::int64_t i = 0; i < size; ++i) data[i] = 0;
        const std::int64_t begin = index * chunk;
        add_chunk(rows, model, given, begin, smaller(begin + chunk, rows.n_rows), Sums(data, model.shape));
    });
    if (n_chunks == 0)
        for (std::int64_t i = 0; i < size; ++i) stats[i] = 0;
    for (std::int64_t index = 1; index < n_chunks; ++index) {
        const double* data = partial.doubles() + (index - 1) * size;
        for (std::int64_t i = 0; i < size; ++i) stats[i] += data[i];
    }
    finish_statistics(stats, model.shape, model.means, model.centre, total_weight(rows));
}

template <class T>
void em_step(const Rows<T>& rows, const Gaussians<T>& given, double* stats, Context context) {
    const PreparedModel<T> model(given, rows);
    accumulate(rows, *model, Given<T>{}, stats, context);
}

template <class T>
void statistics(const Rows<T>& rows, const T* responsibilities, const std::int64_t* labels, const T* center,
                const Shape& shape, double* stats, Context context) {
    const std::int64_t size = covariance_size(shape);
    const Buffer factors(std::size_t(size) * sizeof(T));
    T* ones = static_cast<T*>(factors.get());
    for (std::int64_t i = 0; i < size; ++i) ones[i] = T(1);
    const PreparedModel<T> model(means_only(center, ones, shape), rows);
    accumulate(rows, *model, Given<T>{responsibilities, labels}, stats, context);
}

}  // namespace

namespace GIBBSITE_ISA {
constinit const StatisticsTable<float> statistics_float{em_step<float>, statistics<float>};
constinit const StatisticsTable<double> statistics_double{em_step<double>, statistics<double>};
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite

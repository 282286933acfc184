// Sufficient statistics of full-covariance mixtures in one read of the data. Compiled once per instruction set.
//
// K matrices of D x D are too large for every chunk of rows to have its own. So the data go by in large blocks of two
// phases: first the responsibilities of its rows (tasks: small blocks of rows), then the sums (tasks: panels of
// components). Each sum is added to by one task at a time in the order of the rows, whatever the number of threads.
#include "mixture/finish.hpp"
#include "mixture/moments.hpp"
#include "mixture/scatter.hpp"
#include "mixture/source.hpp"
#include "mixture/table.hpp"

namespace gibbsite {
namespace {

constexpr std::int64_t most_blocks = 64;                     // of rows between two phases
constexpr std::int64_t most_bytes = std::int64_t(32) << 20;  // of responsibilities between two phases

// The rows [first, first + count) of the data, and the responsibilities found for them.
template <class T>
struct Stretch {
    std::int64_t first, count;
    T* r;                    // (n_blocks, K, block_rows)
    double* log_likelihood;  // (n_blocks)
    double* weight;          // (n_blocks, K)
    const T* cutoff;         // (K): responsibilities at or below it are passed over

    std::int64_t n_blocks() const { return divide_up(count, block_rows<T>); }
};

template <class T>
std::int64_t blocks_of_stretch(std::int64_t n_rows, std::int64_t k) {
    const std::int64_t affordable = most_bytes / (k * block_rows<T> * std::int64_t(sizeof(T))) + 1;
    return smaller(smaller(most_blocks, affordable), divide_up(n_rows, block_rows<T>));
}

template <class T>
void find_responsibilities(const Rows<T>& rows, const Model<T>& model, const Given<T>& given, const Stretch<T>& stretch,
                           Context context) {
    const std::int64_t k = model.shape.n_components;
    const Rows<T> part{rows.x, rows.weight, stretch.first + stretch.count, rows.n_features};
    parallel_for(stretch.n_blocks(), int(context.value), [&](std::int64_t index, int) {
        Workspace<T> work(thread_scratch(Workspace<T>::bytes(model.shape, 0)), model.shape);
        work.r = stretch.r + index * k * block_rows<T>;
        const std::int64_t first = stretch.first + index * block_rows<T>;
        const auto block = load_block(part, first, model.centre, work.block);
        stretch.log_likelihood[index] = fill_responsibilities(model, given, block, first, work);
        for (std::int64_t c = 0; c < k; ++c)
            stretch.weight[index * k + c] = sum_as_double(work.r + c * block_rows<T>, block.vectors());
    });
}

// The stretch's scalars join the sums, in order; the cutoffs follow the weights.
template <class T>
void add_scalars(const Stretch<T>& stretch, std::int64_t k, double share, const Sums& sums, T* cutoff) {
    for (std::int64_t index = 0; index < stretch.n_blocks(); ++index) {
        *sums.log_likelihood += stretch.log_likelihood[index];
        for (std::int64_t c = 0; c < k; ++c) sums.weight[c] += stretch.weight[index * k + c];
    }
    for (std::int64_t c = 0; c < k; ++c) cutoff[c] = T(share * sums.weight[c]);
}

// One panel of one component over a stretch.
template <class T>
class PanelSum {
public:
    PanelSum(const Rows<T>& rows, const Model<T>& model, const Panel& panel, const Sums& sums)
        : rows_(rows),
          d_(model.shape.n_features),
          panel_(panel),
          mean_(model.means + panel.component * d_),
          first_(sums.first + panel.component * d_),
          scatter_(sums.second + panel.component * d_ * d_),
          data_(static_cast<T*>(thread_scratch(std::size_t(Gathered<T>::size(d_)) * sizeof(T))), d_) {}

    void add(const Stretch<T>& stretch, std::int64_t k) {
        for (std::int64_t index = 0; index < stretch.n_blocks(); ++index) {
            const T* r = stretch.r + (index * k + panel_.component) * block_rows<T>;
            const std::int64_t first = index * block_rows<T>;
            const std::int64_t count = smaller(block_rows<T>, stretch.count - first);
            add_block(r, stretch.cutoff[panel_.component], stretch.first + first, count);
        }
        flush();
    }

private:
    void add_block(const T* r, T cutoff, std::int64_t first, std::int64_t count) {
        std::int32_t rows[row_list_size<T>];
        const std::int64_t n = rows_above(r, cutoff, count, rows);
        for (std::int64_t i = 0; i < n; ++i) {
            const std::int32_t row = rows[i];
            data_.add(rows_.x + (first + row) * d_ + panel_.row, mean_ + panel_.row, r[row], d_ - panel_.row);
            if (data_.count == gathered_rows) flush();
        }
    }

    void flush() {
        if (panel_.row == 0) add_first(data_, d_, first_);
        add_scatter(data_, panel_, d_, scatter_);
        data_.count = 0;
    }

    const Rows<T>& rows_;
    std::int64_t d_;
    Panel panel_;
    const T* mean_;
    double* first_;
    double* scatter_;
    Gathered<T> data_;
};

template <class T>
void add_moments(const Rows<T>& rows, const Model<T>& model, const Stretch<T>& stretch, const Sums& sums,
                 Context context) {
    const std::int64_t k = model.shape.n_components, d = model.shape.n_features, panels = panels_of(d);
    parallel_for(k * panels, int(context.value), [&](std::int64_t index, int) {
        const std::int64_t row = index % panels * panel_rows;
        const Panel panel{index / panels, row, smaller(row + panel_rows, d)};
        PanelSum<T>(rows, model, panel, sums).add(stretch, k);
    });
}

// Where the whole pass is over before a second thread would have woken up, there is one thread.
Context context_for(const Context& wanted, std::int64_t n_rows, const Shape& shape) {
    const std::int64_t multiply_adds = n_rows * shape.n_components * shape.n_features * shape.n_features;
    return multiply_adds < 500000 ? Context{1} : wanted;
}

template <class T>
void accumulate(const Rows<T>& rows, const Model<T>& model, const Given<T>& given, double* stats, Context wanted) {
    const std::int64_t k = model.shape.n_components, size = statistics_size(model.shape);
    const Context context = context_for(wanted, rows.n_rows, model.shape);
    for (std::int64_t i = 0; i < size; ++i) stats[i] = 0;
    const Sums sums(stats, model.shape);
    const std::int64_t blocks = rows.n_rows > 0 ? blocks_of_stretch<T>(rows.n_rows, k) : 0;
    const std::int64_t length = blocks * block_rows<T>;
    const Buffer r(std::size_t(length * k) * sizeof(T)), cutoff(std::size_t(k) * sizeof(T));
    const Buffer scalars(std::size_t(blocks * (k + 1)) * sizeof(double));
    T* cutoffs = static_cast<T*>(cutoff.get());
    for (std::int64_t first = 0; first < rows.n_rows; first += length) {
        const Stretch<T> stretch{first,
                                 smaller(length, rows.n_rows - first),
                                 static_cast<T*>(r.get()),
                                 scalars.doubles(),
                                 scalars.doubles() + blocks,
                                 cutoffs};
        find_responsibilities(rows, model, given, stretch, context);
        add_scalars(stretch, k, given.any() ? 0.0 : negligible_share<T>, sums, cutoffs);
        add_moments(rows, model, stretch, sums, context);
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
constinit const StatisticsTable<float> full_statistics_float{em_step<float>, statistics<float>};
constinit const StatisticsTable<double> full_statistics_double{em_step<double>, statistics<double>};
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite

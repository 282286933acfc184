// log_prob, responsibilities, log_density and predict: chunk by chunk, the log densities of all components, then what
// is asked of each row.
#include "mixture/densities.cuh"

namespace gibbsite::cuda {
namespace {

constexpr std::int64_t no_elements = 0;

template <class T>
class ChunkedDensities {
public:
    ChunkedDensities(const Rows<T>& rows, const Gaussians<T>& model, Context context)
        : rows_(rows),
          n_components_(model.n_components),
          stream_(stream_of(context)),
          stride_(chunk_rows(rows.n_rows, model.n_components, rows.n_features)),
          densities_(model, rows, stride_, stream_),
          tile_(stride_ * n_components_, stream_) {}

    // use(first row, rows, tile): tile[k * stride() + n]
    template <class Use>
    void for_each_chunk(const Use& use) const {
        for (std::int64_t first = 0; first < rows_.n_rows; first += stride_) {
            const std::int64_t n = rows_.n_rows - first < stride_ ? rows_.n_rows - first : stride_;
            densities_.evaluate(rows_.x + first * rows_.n_features, n, tile_.data());
            use(first, n, tile_.data());
        }
    }
    std::int64_t stride() const { return stride_; }
    cudaStream_t stream() const { return stream_; }

private:
    Rows<T> rows_;
    std::int64_t n_components_;
    cudaStream_t stream_;
    std::int64_t stride_;
    ComponentDensities<T> densities_;
    Scratch<T> tile_;
};

}  // namespace

template <class T>
ComponentDensities<T>::ComponentDensities(const Gaussians<T>& model, const Rows<T>& rows, std::int64_t max_rows,
                                          cudaStream_t stream)
    : model_(model),
      n_features_(rows.n_features),
      padded_features_(round_up<std::int64_t>(rows.n_features, distance_depth)),
      padded_components_(round_up<std::int64_t>(model.n_components, tile_rows)),
      max_rows_(max_rows),
      stream_(stream),
      constant_(model.n_components, stream),
      centre_(rows.n_features, stream),
      scale_(model.covariance_type == CovarianceType::full ? no_elements : padded_features_ * padded_components_,
             stream),
      shift_(model.covariance_type == CovarianceType::full ? no_elements : padded_features_ * padded_components_,
             stream),
      z_(model.covariance_type == CovarianceType::full ? no_elements : padded_features_ * max_rows, stream) {
    prepare_constants(model_, n_features_, constant_.data(), stream_);
    if (model_.covariance_type == CovarianceType::full) return;
    centre_of(rows, centre_.data(), stream_);
    prepare_components(model_, n_features_, centre_.data(), scale_.data(), shift_.data(), padded_components_,
                       padded_features_, stream_);
}

template <class T>
void ComponentDensities<T>::evaluate(const T* x, std::int64_t n_rows, T* out) const {
    if (model_.covariance_type == CovarianceType::full)
        return triangular_log_densities(x, n_rows, n_features_, model_, constant_.data(), out, max_rows_, stream_);
    if (model_.covariance_type == CovarianceType::tied)
        whiten_rows(x, n_rows, n_features_, centre_.data(), model_.precisions_cholesky, z_.data(), max_rows_,
                    padded_features_, stream_);
    else
        transpose_rows(x, n_rows, n_features_, centre_.data(), z_.data(), max_rows_, padded_features_, stream_);
    const DistanceOperands<T> operands{z_.data(),     max_rows_,          scale_.data(),
                                       shift_.data(), padded_components_, int(padded_features_)};
    squared_distances(operands, n_rows, model_.n_components, constant_.data(), T(-0.5), out, max_rows_, stream_);
}

template class ComponentDensities<float>;
template class ComponentDensities<double>;

template <class T>
void log_prob(const Rows<T>& rows, const Gaussians<T>& model, T* out, Context context) {
    if (rows.n_rows == 0) return;
    const std::int64_t k = model.n_components;
    const ChunkedDensities<T> chunked(rows, model, context);
    chunked.for_each_chunk([&](std::int64_t first, std::int64_t n, const T* tile) {
        write_rows<T>(tile, chunked.stride(), n, k, nullptr, false, out + first * k, chunked.stream());
    });
}

template <class T>
void responsibilities(const Rows<T>& rows, const Gaussians<T>& model, bool logarithm, T* out, T* log_density,
                      Context context) {
    if (rows.n_rows == 0) return;
    const std::int64_t k = model.n_components;
    const ChunkedDensities<T> chunked(rows, model, context);
    const Scratch<T> own_density(log_density == nullptr ? chunked.stride() : no_elements, chunked.stream());
    chunked.for_each_chunk([&](std::int64_t first, std::int64_t n, const T* tile) {
        T* density = log_density == nullptr ? own_density.data() : log_density + first;
        log_sum_exp_of_rows(tile, chunked.stride(), n, k, density, chunked.stream());
        write_rows<T>(tile, chunked.stride(), n, k, density, !logarithm, out + first * k, chunked.stream());
    });
}

template <class T>
void log_density(const Rows<T>& rows, const Gaussians<T>& model, T* out, Context context) {
    if (rows.n_rows == 0) return;
    const ChunkedDensities<T> chunked(rows, model, context);
    chunked.for_each_chunk([&](std::int64_t first, std::int64_t n, const T* tile) {
        log_sum_exp_of_rows(tile, chunked.stride(), n, model.n_components, out + first, chunked.stream());
    });
}

template <class T>
void predict(const Rows<T>& rows, const Gaussians<T>& model, std::int64_t* out, Context context) {
    if (rows.n_rows == 0) return;
    const ChunkedDensities<T> chunked(rows, model, context);
    chunked.for_each_chunk([&](std::int64_t first, std::int64_t n, const T* tile) {
        best_of_rows<T>(tile, chunked.stride(), n, model.n_components, T(1), out + first, nullptr, chunked.stream());
    });
}

#define GIBBSITE_INSTANTIATE(T)                                                                 \
    template void log_prob(const Rows<T>&, const Gaussians<T>&, T*, Context);                   \
    template void responsibilities(const Rows<T>&, const Gaussians<T>&, bool, T*, T*, Context); \
    template void log_density(const Rows<T>&, const Gaussians<T>&, T*, Context);                \
    template void predict(const Rows<T>&, const Gaussians<T>&, std::int64_t*, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace gibbsite::cuda

// One pass of Lloyd's algorithm, and the distances of greedy k-means++ (Arthur & Vassilvitskii 2007). Compiled once per
// instruction set. Distances are sums of squared differences, never an expanded square.
#include "mixture/cluster_sums.hpp"
#include "mixture/nearest.hpp"
#include "mixture/table.hpp"

namespace gibbsite {
namespace {

// Rows are added up chunk by chunk; where chunks end depends on the number of rows alone, and only the last one may end
// within a tile.
struct Chunks {
    static constexpr std::int64_t most = 64, fewest_rows = 1024, multiple = 64;
    static_assert(multiple % rows_at_once<float> == 0 && multiple % rows_at_once<double> == 0);
    std::int64_t n_rows, rows, count;

    explicit Chunks(std::int64_t n) : n_rows(n) {
        const std::int64_t share = (n + most - 1) / most;
        rows = share > fewest_rows ? (share + multiple - 1) / multiple * multiple : fewest_rows;
        count = (n + rows - 1) / rows;
    }

    std::int64_t begin(std::int64_t index) const { return index * rows; }
    std::int64_t end(std::int64_t index) const { return begin(index + 1) < n_rows ? begin(index + 1) : n_rows; }
};

// A worker's memory: running sums of each candidate, one tile of rows, and one padded row.
template <class T>
struct Workspace {
    DoubleSums<T>* sums;
    T* tile;
    T* row;

    Workspace(std::int64_t n_sums, std::int64_t n_features) {
        const std::size_t sums_bytes = std::size_t(n_sums) * sizeof(DoubleSums<T>);
        const std::int64_t tile_size = TileLoader<T>::size(n_features);
        const std::size_t elements = std::size_t(tile_size + padded_features(n_features));
        char* memory = static_cast<char*>(thread_scratch(sums_bytes + elements * sizeof(T)));
        sums = reinterpret_cast<DoubleSums<T>*>(memory);
        tile = reinterpret_cast<T*>(memory + sums_bytes);
        row = tile + tile_size;
        for (std::int64_t i = 0; i < n_sums; ++i) sums[i] = {};
    }
};

template <class T>
void kmeans_step(const Rows<T>& rows, const T* centres, std::int64_t k, std::int64_t* labels, double* sums,
                 Context context) {
    const std::int64_t d = rows.n_features, size = ClusterSums::size(k, d);
    const T* end = rows.x + rows.n_rows * d;
    const PaddedCentres<T> padded(centres, k, d);
    const Chunks chunks(rows.n_rows);
    const Buffer partial(std::size_t(chunks.count * size) * sizeof(double));
    parallel_for(chunks.count, int(context.value), [&](std::int64_t index, int) {
        double* memory = partial.doubles() + index * size;
        for (std::int64_t i = 0; i < size; ++i) memory[i] = 0;
        const ClusterSums part(memory, k, d);
        const Workspace<T> work(0, d);
        TileLoader<T> loader(rows, work.tile);
        DoubleSums<T> inertia;
        for (std::int64_t first = chunks.begin(index); first < chunks.end(index); first += rows_at_once<T>) {
            const auto tile = loader.load(first);
            const auto best = nearest(tile, k, d, centres);
            best.add_inertia(tile, inertia);
            best.store_labels(tile, labels + first);
            add_members(tile, d, labels + first, end, padded.get(), part, work.row);
        }
        *part.inertia = inertia.total();
    });
    finish_clusters(partial.doubles(), chunks.count, centres, k, d, sums);
}

// What becomes of a tile's distances to the candidates: out = min(closest, distance), and the weighted sums of that.
template <class T>
class Closer {
public:
    // closest (null: none yet) and out from the tile's first row on; the candidates' rows of out lie n_rows apart
    Closer(const RowTile<T>& tile, const T* closest, T* out, std::int64_t n_rows, DoubleSums<T>* sums)
        : tile_(tile), closest_(closest), out_(out), n_rows_(n_rows), sums_(sums) {
        if (!closest || tile.is_whole()) return;
        for (std::int64_t i = 0; i < rows_at_once<T>; ++i) padded_[i] = closest[i < tile.count ? i : tile.count - 1];
        closest_ = padded_;
    }

    template <int n>
    __attribute__((always_inline)) void take(std::int64_t first, const Simd<T> (&distance)[n][row_vectors]) const {
#pragma GCC unroll 4
        for (int c = 0; c < n; ++c) {
            T rest[rows_at_once<T>];
            T* to = out_ + (first + c) * n_rows_;
            const bool is_whole = tile_.is_whole();
#pragma GCC unroll 4
            for (int v = 0; v < row_vectors; ++v) take(v, distance[c][v], is_whole ? to : rest, sums_[first + c]);
            if (!is_whole)
                for (std::int64_t i = 0; i < tile_.count; ++i) to[i] = rest[i];
        }
    }

private:
    __attribute__((always_inline)) void take(int v, Simd<T> distance, T* to, DoubleSums<T>& sums) const {
        const int at = v * lane_count<T>;
        if (closest_) {
            const Simd<T> before = load(closest_ + at);
            distance = before < distance ? before : distance;
        }
        store(to + at, distance);
        sums.add(distance * load(tile_.weight + at));
    }

    const RowTile<T>& tile_;
    const T* closest_;
    T* out_;
    std::int64_t n_rows_;
    DoubleSums<T>* sums_;
    T padded_[rows_at_once<T>];
};

template <class T>
void candidate_distances(const Rows<T>& rows, const T* candidates, std::int64_t n_candidates, const T* closest, T* out,
                         double* potentials, Context context) {
    const std::int64_t d = rows.n_features;
    const Chunks chunks(rows.n_rows);
    const Buffer partial(std::size_t(chunks.count * n_candidates) * sizeof(double));
    parallel_for(chunks.count, int(context.value), [&](std::int64_t index, int) {
        const Workspace<T> work(n_candidates, d);
        TileLoader<T> loader(rows, work.tile);
        for (std::int64_t row = chunks.begin(index); row < chunks.end(index); row += rows_at_once<T>) {
            const auto tile = loader.load(row);
            const Closer<T> closer(tile, closest ? closest + row : nullptr, out + row, rows.n_rows, work.sums);
            const auto take = [&](std::int64_t first, const auto& distance)
                                  __attribute__((always_inline)) { closer.take(first, distance); };
            distances_to_all(tile, n_candidates, d, candidates, take);
        }
        for (std::int64_t c = 0; c < n_candidates; ++c)
            partial.doubles()[index * n_candidates + c] = work.sums[c].total();
    });
    for (std::int64_t c = 0; c < n_candidates; ++c) {
        potentials[c] = 0;
        for (std::int64_t index = 0; index < chunks.count; ++index)
            potentials[c] += partial.doubles()[index * n_candidates + c];
    }
}

}  // namespace

namespace GIBBSITE_ISA {
constinit const KmeansTable<float> kmeans_float{kmeans_step<float>, candidate_distances<float>};
constinit const KmeansTable<double> kmeans_double{kmeans_step<double>, candidate_distances<double>};
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite

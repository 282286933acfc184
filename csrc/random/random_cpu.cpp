// Filling arrays with draws: threads around the groups of fill.hpp. Compiled once per instruction set.
#include "core/pool.hpp"
#include "random/fill.hpp"
#include "random/table.hpp"

namespace gibbsite {
namespace {

constexpr std::int64_t chunk_size = 1 << 15;  // elements of one task; its place, not its worker, fixes its draws

template <class Body>
void for_chunks(std::int64_t n, Context context, const Place& place, Body body) {
    const std::int64_t n_chunks = (n + chunk_size - 1) / chunk_size;
    parallel_for(n_chunks, int(context.value), [&](std::int64_t chunk, int) {
        const std::int64_t begin = chunk * chunk_size;
        const std::int64_t count = n - begin < chunk_size ? n - begin : chunk_size;
        Place here = place;
        here.offset += std::uint64_t(begin);
        body(begin, count, here);
    });
}

template <class T>
void uniform(T* out, std::int64_t n, const Place& place, Context context) {
    for_chunks(n, context, place, [&](std::int64_t begin, std::int64_t count, const Place& here) {
        fill_range<UniformGroup>(out + begin, count, here);
    });
}

template <class T>
void normal(T* out, std::int64_t n, const Place& place, Context context) {
    for_chunks(n, context, place, [&](std::int64_t begin, std::int64_t count, const Place& here) {
        fill_range<NormalGroup>(out + begin, count, here);
    });
}

// Uniforms in pieces that stay in the first-level cache, each piece handed to `use(uniforms, begin, count)`.
template <class T, class Use>
void with_uniforms(std::int64_t n, Context context, const Place& place, Use use) {
    constexpr std::int64_t piece_size = 1024;
    for_chunks(n, context, place, [&](std::int64_t begin, std::int64_t count, Place here) {
        T piece[piece_size];
        for (std::int64_t done = 0; done < count; done += piece_size) {
            const std::int64_t size = count - done < piece_size ? count - done : piece_size;
            fill_range<UniformGroup>(piece, size, here);
            use(piece, begin + done, size);
            here.offset += std::uint64_t(size);
        }
    });
}

template <class T>
void bernoulli(const T* p, bool p_is_shared, std::uint8_t* out, std::int64_t n, const Place& place, Context context) {
    with_uniforms<T>(n, context, place, [&](const T* u, std::int64_t begin, std::int64_t size) {
        if (p_is_shared)
            for (std::int64_t i = 0; i < size; ++i) out[begin + i] = u[i] < p[0];
        else
            for (std::int64_t i = 0; i < size; ++i) out[begin + i] = u[i] < p[begin + i];
    });
}

// How many of cumulative[0 .. n - 2] are <= target: the category, always a valid one.
template <class T>
std::int64_t category_of(const T* cumulative, std::int64_t n, T target) {
    if (n <= 16) {
        std::int64_t count = 0;
        for (std::int64_t k = 0; k < n - 1; ++k) count += cumulative[k] <= target;
        return count;
    }
    std::int64_t low = 0, high = n - 1;
    while (low < high) {
        const std::int64_t middle = (low + high) / 2;
        if (cumulative[middle] <= target)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

template <class T>
void categorical(const T* cumulative, bool is_shared, std::int64_t n_categories, std::int64_t* out, std::int64_t n,
                 const Place& place, Context context) {
    with_uniforms<T>(n, context, place, [&](const T* u, std::int64_t begin, std::int64_t size) {
        for (std::int64_t i = 0; i < size; ++i) {
            const T* row = is_shared ? cumulative : cumulative + (begin + i) * n_categories;
            out[begin + i] = category_of(row, n_categories, u[i] * row[n_categories - 1]);
        }
    });
}

template <class T>
constexpr RandomTable<T> table{uniform<T>, normal<T>, bernoulli<T>, categorical<T>, fill_range<NormalGroup, T>};

}  // namespace

namespace GIBBSITE_ISA {
constinit const RandomTable<float> random_float = table<float>;
constinit const RandomTable<double> random_double = table<double>;
}  // namespace GIBBSITE_ISA

}  // namespace gibbsite

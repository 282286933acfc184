// One thread draws whole Philox blocks, and asks for each element of it that lies in the range.
#include "core/launch.cuh"
#include "random/draws.cuh"

namespace gibbsite::cuda {
namespace {

constexpr int threads_per_block = 256;

// Elements [place.offset, place.offset + n) of the draw, each given to the sink: sink(index from 0, value).
template <class T, class Draw, class Sink>
__device__ void for_each_element(std::int64_t n, const Place& place, const Sink& sink) {
    constexpr int size = elements_per_block<T>;
    const std::uint64_t begin = place.offset, end = begin + std::uint64_t(n);
    const std::uint64_t stride = std::uint64_t(gridDim.x) * blockDim.x;
    for (std::uint64_t block = begin / size + std::uint64_t(blockIdx.x) * blockDim.x + threadIdx.x; block * size < end;
         block += stride) {
        T values[size];
        Draw::block(block, place, values);
        const std::uint64_t first = block * size;
        if (first >= begin && first + size <= end) {
            sink.whole(std::int64_t(first - begin), values);
        } else {
            for (int i = 0; i < size; ++i)
                if (first + i >= begin && first + i < end) sink.one(std::int64_t(first + i - begin), values[i]);
        }
    }
}

// 16 bytes in one store where the address allows it.
__device__ __forceinline__ void store_block(float* out, const float v[4]) {
    if (reinterpret_cast<std::uintptr_t>(out) % 16 == 0) {
        *reinterpret_cast<float4*>(out) = make_float4(v[0], v[1], v[2], v[3]);
    } else {
        for (int i = 0; i < 4; ++i) out[i] = v[i];
    }
}

__device__ __forceinline__ void store_block(double* out, const double v[2]) {
    if (reinterpret_cast<std::uintptr_t>(out) % 16 == 0) {
        *reinterpret_cast<double2*>(out) = make_double2(v[0], v[1]);
    } else {
        out[0] = v[0];
        out[1] = v[1];
    }
}

template <class T>
struct Fill {
    T* out;
    __device__ void one(std::int64_t i, T value) const { out[i] = value; }
    __device__ void whole(std::int64_t i, const T* values) const { store_block(out + i, values); }
};

template <class T>
struct Bernoulli {
    const T* p;
    bool p_is_shared;
    std::uint8_t* out;
    __device__ void one(std::int64_t i, T uniform) const { out[i] = uniform < p[p_is_shared ? 0 : i] ? 1 : 0; }
    __device__ void whole(std::int64_t i, const T* uniforms) const {
        for (int j = 0; j < elements_per_block<T>; ++j) one(i + j, uniforms[j]);
    }
};

// The first category whose cumulative weight exceeds the uniform share of the total, by bisection.
template <class T>
struct Categorical {
    const T* cumulative;
    bool is_shared;
    std::int64_t n_categories;
    std::int64_t* out;
    __device__ void one(std::int64_t i, T uniform) const {
        const T* row = cumulative + (is_shared ? 0 : i * n_categories);
        const T threshold = uniform * row[n_categories - 1];
        std::int64_t low = 0, high = n_categories - 1;  // the answer lies in [low, high]
        while (low < high) {
            const std::int64_t middle = (low + high) / 2;
            if (row[middle] <= threshold)
                low = middle + 1;
            else
                high = middle;
        }
        out[i] = low;
    }
    __device__ void whole(std::int64_t i, const T* uniforms) const {
        for (int j = 0; j < elements_per_block<T>; ++j) one(i + j, uniforms[j]);
    }
};

template <class T, class Draw, class Sink>
__global__ void __launch_bounds__(threads_per_block) draw_kernel(std::int64_t n, Place place, Sink sink) {
    for_each_element<T, Draw>(n, place, sink);
}

template <class T, class Draw, class Sink>
void draw(std::int64_t n, const Place& place, const Sink& sink, Context context) {
    if (n == 0) return;
    const std::int64_t philox_blocks = n / elements_per_block<T> + 2;  // the range may be cut at both ends
    launch(draw_kernel<T, Draw, Sink>,
           {blocks_for(philox_blocks, threads_per_block), threads_per_block, stream_of(context)}, n, place, sink);
}

}  // namespace

template <class T>
void uniform(T* out, std::int64_t n, const Place& place, Context context) {
    draw<T, UniformDraw>(n, place, Fill<T>{out}, context);
}

template <class T>
void normal(T* out, std::int64_t n, const Place& place, Context context) {
    draw<T, NormalDraw>(n, place, Fill<T>{out}, context);
}

template <class T>
void bernoulli(const T* p, bool p_is_shared, std::uint8_t* out, std::int64_t n, const Place& place, Context context) {
    draw<T, UniformDraw>(n, place, Bernoulli<T>{p, p_is_shared, out}, context);
}

template <class T>
void categorical(const T* cumulative, bool is_shared, std::int64_t n_categories, std::int64_t* out, std::int64_t n,
                 const Place& place, Context context) {
    draw<T, UniformDraw>(n, place, Categorical<T>{cumulative, is_shared, n_categories, out}, context);
}

template void uniform(float*, std::int64_t, const Place&, Context);
template void uniform(double*, std::int64_t, const Place&, Context);
template void normal(float*, std::int64_t, const Place&, Context);
template void normal(double*, std::int64_t, const Place&, Context);
template void bernoulli(const float*, bool, std::uint8_t*, std::int64_t, const Place&, Context);
template void bernoulli(const double*, bool, std::uint8_t*, std::int64_t, const Place&, Context);
template void categorical(const float*, bool, std::int64_t, std::int64_t*, std::int64_t, const Place&, Context);
template void categorical(const double*, bool, std::int64_t, std::int64_t*, std::int64_t, const Place&, Context);

}  // namespace gibbsite::cuda

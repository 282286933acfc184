// The host's random kernels: the copy for the instruction set in use.
#include "random/table.hpp"

namespace gibbsite {
namespace {

template <class T>
const RandomTable<T>& table() {
    if constexpr (sizeof(T) == 4)
        return random_float();
    else
        return random_double();
}

}  // namespace

namespace cpu {

template <class T>
void uniform(T* out, std::int64_t n, const Place& place, Context context) {
    table<T>().uniform(out, n, place, context);
}

template <class T>
void normal(T* out, std::int64_t n, const Place& place, Context context) {
    table<T>().normal(out, n, place, context);
}

template <class T>
void bernoulli(const T* p, bool p_is_shared, std::uint8_t* out, std::int64_t n, const Place& place, Context context) {
    table<T>().bernoulli(p, p_is_shared, out, n, place, context);
}

template <class T>
void categorical(const T* cumulative, bool is_shared, std::int64_t n_categories, std::int64_t* out, std::int64_t n,
                 const Place& place, Context context) {
    table<T>().categorical(cumulative, is_shared, n_categories, out, n, place, context);
}

#define GIBBSITE_INSTANTIATE(T)                                                                  \
    template void uniform(T*, std::int64_t, const Place&, Context);                              \
    template void normal(T*, std::int64_t, const Place&, Context);                               \
    template void bernoulli(const T*, bool, std::uint8_t*, std::int64_t, const Place&, Context); \
    template void categorical(const T*, bool, std::int64_t, std::int64_t*, std::int64_t, const Place&, Context);
GIBBSITE_INSTANTIATE(float)
GIBBSITE_INSTANTIATE(double)
#undef GIBBSITE_INSTANTIATE

}  // namespace cpu
}  // namespace gibbsite

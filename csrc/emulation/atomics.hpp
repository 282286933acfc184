// Atomics: threads give way only at barriers and warp primitives, so a plain read and write cannot be interrupted.
#pragma once

#include <type_traits>

namespace gibbsite::emulation {

template <class T, class Combine>
T read_modify_write(T* at, Combine combine) {
    const T old = *at;
    *at = combine(old);
    return old;
}

}  // namespace gibbsite::emulation

template <class T>
T atomicAdd(T* at, std::type_identity_t<T> value) {
    return gibbsite::emulation::read_modify_write(at, [=](T old) { return T(old + value); });
}

template <class T>
T atomicSub(T* at, std::type_identity_t<T> value) {
    return gibbsite::emulation::read_modify_write(at, [=](T old) { return T(old - value); });
}

template <class T>
T atomicMax(T* at, std::type_identity_t<T> value) {
    return gibbsite::emulation::read_modify_write(at, [=](T old) { return old > value ? old : value; });
}

template <class T>
T atomicMin(T* at, std::type_identity_t<T> value) {
    return gibbsite::emulation::read_modify_write(at, [=](T old) { return old < value ? old : value; });
}

template <class T>
T atomicOr(T* at, std::type_identity_t<T> value) {
    return gibbsite::emulation::read_modify_write(at, [=](T old) { return T(old | value); });
}

template <class T>
T atomicAnd(T* at, std::type_identity_t<T> value) {
    return gibbsite::emulation::read_modify_write(at, [=](T old) { return T(old & value); });
}

template <class T>
T atomicExch(T* at, std::type_identity_t<T> value) {
    return gibbsite::emulation::read_modify_write(at, [=](T) { return value; });
}

template <class T>
T atomicCAS(T* at, std::type_identity_t<T> expected, std::type_identity_t<T> value) {
    return gibbsite::emulation::read_modify_write(at, [=](T old) { return old == expected ? value : old; });
}

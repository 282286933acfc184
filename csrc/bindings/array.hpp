// Arrays as the kernels take them: exact dtype, row-major, contiguous; None where the caster says so. Nothing is ever
// converted: an array of another kind makes the overload fail, which Python reports as a TypeError.
#pragma once

#include <pybind11/numpy.h>
#include <pybind11/pybind11.h>

#include <array>
#include <stdexcept>
#include <string>

#include "core/context.hpp"

namespace gibbsite {

namespace py = pybind11;

// What the last argument of every function is called.
#ifdef GIBBSITE_CUDA_MODULE
constexpr const char* context_name = "stream";
#else
constexpr const char* context_name = "threads";
#endif

constexpr int max_dimensions = 3;

template <class T>
struct Array {
    T* data = nullptr;
    int n_dimensions = 0;
    std::array<std::int64_t, max_dimensions> shape{};

    bool given() const { return n_dimensions > 0; }
    std::int64_t size() const {
        std::int64_t size = 1;
        for (int i = 0; i < n_dimensions; ++i) size *= shape[i];
        return size;
    }
};

// Read only; None is an array that is not given.
template <class T>
struct In : Array<const T> {};
// Written; None is an array that is not given.
template <class T>
struct Out : Array<T> {};

inline void require(bool condition, const char* what) {
    if (!condition) throw std::invalid_argument(what);
}

#ifdef GIBBSITE_CUDA_MODULE

// Through __cuda_array_interface__ (version 3): shape, typestr, data, and strides that must be those of a
// contiguous array.
template <class T, class View>
bool load_array(py::handle source, bool writable, View& view) {
    if (!py::hasattr(source, "__cuda_array_interface__")) return false;
    const py::dict interface = source.attr("__cuda_array_interface__");
    const auto dtype = py::dtype::from_args(interface["typestr"]);
    if (!dtype.is(py::dtype::of<T>()) && !dtype.equal(py::dtype::of<T>())) return false;
    const py::tuple shape = interface["shape"];
    const py::tuple data = interface["data"];
    if (shape.size() < 1 || shape.size() > std::size_t(max_dimensions)) return false;
    if (writable && data[1].cast<bool>()) return false;
    view.n_dimensions = int(shape.size());
    for (int i = 0; i < view.n_dimensions; ++i) view.shape[i] = shape[i].cast<std::int64_t>();
    if (interface.contains("strides") && !interface["strides"].is_none()) {
        const py::tuple strides = interface["strides"];
        std::int64_t expected = sizeof(T);
        for (int i = view.n_dimensions - 1; i >= 0; --i) {
            if (view.shape[i] > 1 && strides[i].cast<std::int64_t>() != expected) return false;
            expected *= view.shape[i];
        }
    }
    view.data = reinterpret_cast<T*>(data[0].cast<std::uintptr_t>());
    return true;
}

#else

template <class T, class View>
bool load_array(py::handle source, bool writable, View& view) {
    if (!py::array_t<T, py::array::c_style>::check_(source)) return false;
    const auto array = py::reinterpret_borrow<py::array>(source);
    if (writable && !array.writeable()) return false;
    if (array.ndim() < 1 || array.ndim() > max_dimensions) return false;
    view.n_dimensions = int(array.ndim());
    for (int i = 0; i < view.n_dimensions; ++i) view.shape[i] = array.shape(i);
    view.data = static_cast<T*>(const_cast<void*>(array.data()));
    return true;
}

#endif

}  // namespace gibbsite

namespace pybind11::detail {

template <class T>
struct type_caster<gibbsite::In<T>> {
    PYBIND11_TYPE_CASTER(gibbsite::In<T>,
                         const_name("numpy.typing.NDArray[") + npy_format_descriptor<T>::name + const_name("] | None"));
    bool load(handle source, bool) { return source.is_none() || gibbsite::load_array<T>(source, false, value); }
};

template <class T>
struct type_caster<gibbsite::Out<T>> {
    PYBIND11_TYPE_CASTER(gibbsite::Out<T>,
                         const_name("numpy.typing.NDArray[") + npy_format_descriptor<T>::name + const_name("] | None"));
    bool load(handle source, bool) { return source.is_none() || gibbsite::load_array<T>(source, true, value); }
};

}  // namespace pybind11::detail

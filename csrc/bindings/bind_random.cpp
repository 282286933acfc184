#include "bindings/array.hpp"
#include "bindings/modules.hpp"
#include "random/api.hpp"

namespace gibbsite::GIBBSITE_BACKEND {
namespace {

template <class T>
void bind_fill(py::module_& module, const char* name, void (*fill)(T*, std::int64_t, const Place&, Context)) {
    module.def(
        name,
        [name, fill](Out<T> out, std::uint64_t seed, std::uint32_t stream, std::uint32_t draw, std::uint64_t offset,
                     std::intptr_t context) {
            if (out.n_dimensions != 1) throw std::invalid_argument(std::string(name) + ": out must have one dimension");
            const py::gil_scoped_release release;
            fill(out.data, out.shape[0], Place{seed, stream, draw, offset}, Context{context});
        },
        py::arg("out"), py::arg("seed"), py::arg("stream"), py::arg("draw"), py::arg("offset"), py::arg(context_name));
}

template <class T>
void bind_discrete(py::module_& module) {
    module.def(
        "bernoulli",
        [](In<T> p, Out<std::uint8_t> out, std::uint64_t seed, std::uint32_t stream, std::uint32_t draw,
           std::uint64_t offset, std::intptr_t context) {
            require(p.n_dimensions == 1 && out.n_dimensions == 1, "bernoulli: p and out must have one dimension");
            require(p.shape[0] == 1 || p.shape[0] == out.shape[0], "bernoulli: p must have one value or one for each");
            const bool p_is_shared = p.shape[0] == 1;
            const py::gil_scoped_release release;
            bernoulli(p.data, p_is_shared, out.data, out.shape[0], Place{seed, stream, draw, offset}, Context{context});
        },
        py::arg("p"), py::arg("out"), py::arg("seed"), py::arg("stream"), py::arg("draw"), py::arg("offset"),
        py::arg(context_name));
    module.def(
        "categorical",
        [](In<T> cumulative, Out<std::int64_t> out, std::uint64_t seed, std::uint32_t stream, std::uint32_t draw,
           std::uint64_t offset, std::intptr_t context) {
            require(cumulative.n_dimensions == 2 && cumulative.shape[1] > 0 && out.n_dimensions == 1,
                    "categorical: cumulative must have two dimensions and a column, out one dimension");
            require(cumulative.shape[0] == 1 || cumulative.shape[0] == out.shape[0],
                    "categorical: cumulative must have one row or one for each draw");
            const bool is_shared = cumulative.shape[0] == 1;
            const py::gil_scoped_release release;
            categorical(cumulative.data, is_shared, cumulative.shape[1], out.data, out.shape[0],
                        Place{seed, stream, draw, offset}, Context{context});
        },
        py::arg("cumulative"), py::arg("out"), py::arg("seed"), py::arg("stream"), py::arg("draw"), py::arg("offset"),
        py::arg(context_name));
}

}  // namespace

void bind_random(py::module_& module) {
    bind_fill<float>(module, "uniform", uniform<float>);
    bind_fill<double>(module, "uniform", uniform<double>);
    bind_fill<float>(module, "normal", normal<float>);
    bind_fill<double>(module, "normal", normal<double>);
    bind_discrete<float>(module);
    bind_discrete<double>(module);
}

}  // namespace gibbsite::GIBBSITE_BACKEND

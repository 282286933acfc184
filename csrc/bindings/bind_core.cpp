#include "bindings/array.hpp"
#include "bindings/modules.hpp"
#include "core/api.hpp"

namespace gibbsite::GIBBSITE_BACKEND {
namespace {

template <class T>
void bind_for(py::module_& module) {
    module.def(
        "logsumexp",
        [](In<T> x, In<T> weights, int axis, Out<T> out, std::intptr_t context) {
            require(x.n_dimensions == 2, "logsumexp: x must have two dimensions");
            require(axis == 0 || axis == 1, "logsumexp: axis must be 0 or 1");
            require(!weights.given() || (weights.n_dimensions == 2 && weights.shape == x.shape),
                    "logsumexp: weights must have the shape of x");
            require(out.n_dimensions == 1 && out.shape[0] == x.shape[1 - axis], "logsumexp: out has the wrong size");
            const LogSumExp<T> job{x.data, weights.data, out.data, x.shape[0], x.shape[1], axis};
            const py::gil_scoped_release release;
            logsumexp(job, Context{context});
        },
        py::arg("x"), py::arg("weights"), py::arg("axis"), py::arg("out"), py::arg(context_name));
}

}  // namespace

void bind_core(py::module_& module) {
    bind_for<float>(module);
    bind_for<double>(module);
}

}  // namespace gibbsite::GIBBSITE_BACKEND

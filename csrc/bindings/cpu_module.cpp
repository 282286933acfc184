#include "bindings/array.hpp"
#include "bindings/modules.hpp"
#include "core/interrupt.hpp"
#include "core/isa.hpp"
#include "core/pool.hpp"
#include "core/vector_math.hpp"

#include <pybind11/stl.h>

#include <string>
#include <vector>

// For tools that balance the threads of several libraries in one process (threadpoolctl).
extern "C" {
__attribute__((visibility("default"))) int gibbsite_get_num_threads() { return gibbsite::thread_count(); }
__attribute__((visibility("default"))) void gibbsite_set_num_threads(int count) { gibbsite::set_thread_count(count); }
}

namespace gibbsite {
namespace {

bool python_wants_to_stop() {
    const py::gil_scoped_acquire acquire;
    return PyErr_CheckSignals() != 0;
}

std::vector<std::string> available_isas() {
    std::vector<std::string> names;
    for (const Isa isa : {Isa::baseline, Isa::v2, Isa::v3, Isa::v4})
        if (isa_available(isa)) names.emplace_back(isa_name(isa));
    return names;
}

template <class T>
void bind_vector_math(py::module_& module) {
    module.def(
        "vector_math",
        [](const std::string& function, In<T> x, Out<T> out) {
            require(x.n_dimensions == 1 && out.n_dimensions == 1 && x.shape[0] == out.shape[0],
                    "vector_math: x and out must have one dimension and the same size");
            vector_math(function.c_str(), x.data, out.data, x.shape[0]);
        },
        py::arg("function"), py::arg("x"), py::arg("out"));
}

void bind_runtime(py::module_& module) {
    module.def("isa", [] { return std::string(isa_name(current_isa())); });
    module.def("available_isas", available_isas);
    module.def("set_isa", [](const std::string& name) { select_isa(isa_from_name(name.c_str())); }, py::arg("name"));
    module.def("get_threads", thread_count);
    module.def("set_threads", set_thread_count, py::arg("count"));
    bind_vector_math<float>(module);
    bind_vector_math<double>(module);
}

}  // namespace
}  // namespace gibbsite

PYBIND11_MODULE(_cpp, module, pybind11::mod_gil_not_used()) {
    namespace py = pybind11;
    module.doc() = "Compiled kernels of the host. gibbsite.kernels checks arguments and calls these.";
    gibbsite::set_interrupt_check(gibbsite::python_wants_to_stop);
    py::register_exception_translator([](std::exception_ptr pointer) {
        try {
            if (pointer) std::rethrow_exception(pointer);
        } catch (const gibbsite::Interrupted&) {
            if (!PyErr_Occurred()) PyErr_SetNone(PyExc_KeyboardInterrupt);
        }
    });
    auto core = module.def_submodule("core", "Reductions, and what the compiled module knows about this machine.");
    gibbsite::bind_runtime(core);
    gibbsite::cpu::bind_core(core);
    auto random = module.def_submodule("random", "Philox4x32-10 draws.");
    gibbsite::cpu::bind_random(random);
    auto mixture = module.def_submodule("mixture", "Gaussian mixtures: densities, EM steps, k-means.");
    gibbsite::cpu::bind_mixture(mixture);
    auto rbm = module.def_submodule("rbm", "Restricted Boltzmann machines: Gibbs sweeps, gradients, likelihoods.");
    gibbsite::cpu::bind_rbm(rbm);
    auto mcmc = module.def_submodule("mcmc", "Samplers: log densities, Metropolis, Hamiltonian dynamics, NUTS.");
    gibbsite::cpu::bind_mcmc(mcmc);
}

#include "bindings/array.hpp"
#include "bindings/modules.hpp"
#include "core/device.hpp"
#include "core/device_error.hpp"

namespace gibbsite {
namespace {

// The Python callable that scratch memory comes from. It stays alive to the end of the process.
py::object& python_allocator() {
    static auto* const allocator = new py::object;
    return *allocator;
}

cuda::ScratchAllocator::Block allocate_from_python(std::size_t bytes, std::intptr_t) {
    const py::gil_scoped_acquire acquire;
    py::object memory = python_allocator()(bytes);
    const auto address = memory.attr("ptr").cast<std::uintptr_t>();
    return {reinterpret_cast<void*>(address), memory.release().ptr()};
}

void release_to_python(cuda::ScratchAllocator::Block block, std::intptr_t) {
    const py::gil_scoped_acquire acquire;
    py::handle(static_cast<PyObject*>(block.owner)).dec_ref();
}

void use_allocator(const py::object& allocator) {
    if (allocator.is_none()) return cuda::use_default_scratch_allocator();
    python_allocator() = allocator;
    cuda::set_scratch_allocator({allocate_from_python, release_to_python});
}

void raise_device_errors() {
    py::register_exception_translator([](std::exception_ptr pointer) {
        try {
            if (pointer) std::rethrow_exception(pointer);
        } catch (const DeviceError& error) {
            const py::object type = py::module_::import("gibbsite._backends.devices").attr("DeviceError");
            PyErr_SetString(type.ptr(), error.what());
        }
    });
}

}  // namespace
}  // namespace gibbsite

PYBIND11_MODULE(_cuda, module, pybind11::mod_gil_not_used()) {
    namespace py = pybind11;
    module.doc() = "Compiled kernels of the card. gibbsite.kernels checks arguments and calls these.";
    gibbsite::raise_device_errors();
    module.def("device_count", gibbsite::cuda::device_count, "The number of cards; 0 where there is no driver.");
    module.def("emulated", gibbsite::cuda::emulated, "True when the kernels were compiled for the host.");
    module.def(
        "use_allocator", gibbsite::use_allocator, py::arg("allocate"),
        "Take scratch memory from allocate(bytes): its result owns the memory, at the address `ptr`, and gives it "
        "back to the current stream. None: from the CUDA runtime's own pool.");
    auto core = module.def_submodule("core", "Reductions.");
    gibbsite::cuda::bind_core(core);
    auto random = module.def_submodule("random", "Philox4x32-10 draws.");
    gibbsite::cuda::bind_random(random);
    auto mixture = module.def_submodule("mixture", "Gaussian mixtures: densities, EM steps, k-means.");
    gibbsite::cuda::bind_mixture(mixture);
    auto rbm = module.def_submodule("rbm", "Restricted Boltzmann machines: Gibbs sweeps, gradients, likelihoods.");
    gibbsite::cuda::bind_rbm(rbm);
    auto mcmc = module.def_submodule("mcmc", "Samplers: log densities, Metropolis, Hamiltonian dynamics, NUTS.");
    gibbsite::cuda::bind_mcmc(mcmc);
}

# gibbsite._cpp: kernel sources once per instruction set, everything else once.

set(GIBBSITE_KERNEL_SOURCES
  csrc/core/logsumexp_cpu.cpp
  csrc/core/vector_math_cpu.cpp
  csrc/random/random_cpu.cpp
  csrc/mixture/densities_cpu.cpp
  csrc/mixture/statistics_cpu.cpp
  csrc/mixture/full_statistics_cpu.cpp
  csrc/mixture/maximisation_cpu.cpp
  csrc/mixture/merge_cpu.cpp
  csrc/mixture/kmeans_cpu.cpp
  csrc/rbm/gibbs_cpu.cpp
  csrc/rbm/learning_cpu.cpp
  csrc/rbm/likelihood_cpu.cpp
  csrc/mcmc/metropolis_cpu.cpp
  csrc/mcmc/hamiltonian_cpu.cpp
  csrc/mcmc/nuts_cpu.cpp
)

# Named one by one in place of -ffast-math: infinities, NaN and the order of sums stay what the source says.
set(GIBBSITE_KERNEL_FLAGS -fno-math-errno -fno-trapping-math -ffp-contract=fast)
if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
  # GCC's own AVX-512 headers pass undefined registers on purpose and warn of it; vector types cross no binary interface.
  list(APPEND GIBBSITE_KERNEL_FLAGS -Wno-psabi -Wno-maybe-uninitialized -Wno-uninitialized)
endif()

if(CMAKE_SYSTEM_PROCESSOR MATCHES "^(x86_64|AMD64)$")
  set(GIBBSITE_ISAS v2 v3 v4)
else()
  set(GIBBSITE_ISAS baseline)
endif()

foreach(isa IN LISTS GIBBSITE_ISAS)
  add_library(gibbsite_kernels_${isa} OBJECT ${GIBBSITE_KERNEL_SOURCES})
  target_link_libraries(gibbsite_kernels_${isa} PRIVATE gibbsite_flags)
  target_compile_options(gibbsite_kernels_${isa} PRIVATE ${GIBBSITE_KERNEL_FLAGS})
  target_compile_definitions(gibbsite_kernels_${isa} PRIVATE GIBBSITE_ISA=${isa})
  if(NOT isa STREQUAL "baseline")
    target_compile_options(gibbsite_kernels_${isa} PRIVATE -march=x86-64-${isa})
  endif()
  if(isa STREQUAL "v4")
    target_compile_options(gibbsite_kernels_${isa} PRIVATE -mprefer-vector-width=512)
  endif()
  list(APPEND GIBBSITE_KERNEL_OBJECTS $<TARGET_OBJECTS:gibbsite_kernels_${isa}>)
endforeach()

pybind11_add_module(_cpp MODULE NO_EXTRAS
  csrc/bindings/cpu_module.cpp
  csrc/bindings/bind_core.cpp
  csrc/bindings/bind_random.cpp
  csrc/bindings/bind_mixture.cpp
  csrc/bindings/bind_rbm.cpp
  csrc/bindings/bind_mcmc.cpp
  csrc/core/core.cpp
  csrc/core/interrupt.cpp
  csrc/core/isa.cpp
  csrc/core/pool.cpp
  csrc/random/random.cpp
  csrc/mixture/mixture.cpp
  csrc/rbm/rbm.cpp
  csrc/mcmc/mcmc.cpp
  ${GIBBSITE_KERNEL_OBJECTS}
)
target_link_libraries(_cpp PRIVATE gibbsite_flags Threads::Threads)

# A weak function in a v4 object could be the copy that the linker keeps for everyone: the build stops at one.
if(CMAKE_NM AND GIBBSITE_SANITIZE STREQUAL "none" AND NOT APPLE)
  add_custom_command(TARGET _cpp PRE_LINK VERBATIM
    COMMAND ${CMAKE_COMMAND} -DNM=${CMAKE_NM} "-DOBJECTS=$<JOIN:${GIBBSITE_KERNEL_OBJECTS},|>"
            -P ${CMAKE_CURRENT_SOURCE_DIR}/cmake/no_weak_functions.cmake)
endif()
install(TARGETS _cpp DESTINATION gibbsite)

# gibbsite._cuda: the .cu files for a card, or the very same files as C++ against csrc/emulation.

set(GIBBSITE_CUDA_ARCHITECTURES "80-real;90-real;90-virtual" CACHE STRING "Architectures for the card")

if(GIBBSITE_CUDA STREQUAL "OFF")
  return()
endif()

if(NOT GIBBSITE_CUDA STREQUAL "EMULATE")
  include(CheckLanguage)
  check_language(CUDA)
  if(NOT CMAKE_CUDA_COMPILER)
    if(GIBBSITE_CUDA STREQUAL "ON")
      message(FATAL_ERROR "GIBBSITE_CUDA=ON, but no CUDA compiler was found")
    endif()
    message(STATUS "gibbsite: no CUDA compiler, the module _cuda is not built")
    return()
  endif()
endif()

file(GLOB_RECURSE GIBBSITE_CUDA_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/csrc/*_cuda.cu)
file(GLOB GIBBSITE_EMULATION_SOURCES CONFIGURE_DEPENDS ${CMAKE_CURRENT_SOURCE_DIR}/csrc/emulation/*.cpp)
pybind11_add_module(_cuda MODULE NO_EXTRAS
  csrc/bindings/cuda_module.cpp
  csrc/bindings/bind_core.cpp
  csrc/bindings/bind_random.cpp
  csrc/bindings/bind_mixture.cpp
  csrc/bindings/bind_rbm.cpp
  csrc/bindings/bind_mcmc.cpp
  ${GIBBSITE_CUDA_SOURCES}
)
target_compile_definitions(_cuda PRIVATE GIBBSITE_CUDA_MODULE)

if(GIBBSITE_CUDA STREQUAL "EMULATE")
  set_source_files_properties(${GIBBSITE_CUDA_SOURCES} PROPERTIES LANGUAGE CXX COMPILE_OPTIONS "-xc++")
  target_sources(_cuda PRIVATE ${GIBBSITE_EMULATION_SOURCES})
  # Ahead of everything else, so that <cuda_runtime.h> is the emulation's even where a toolkit is installed.
  target_include_directories(_cuda BEFORE PRIVATE csrc/emulation)
  target_compile_options(_cuda PRIVATE -Wno-unknown-pragmas)
  target_link_libraries(_cuda PRIVATE gibbsite_flags)
else()
  enable_language(CUDA)
  find_package(CUDAToolkit REQUIRED)
  set_target_properties(_cuda PROPERTIES
    CUDA_STANDARD 20
    CUDA_ARCHITECTURES "${GIBBSITE_CUDA_ARCHITECTURES}"
    CUDA_RUNTIME_LIBRARY Static
  )
  target_include_directories(_cuda PRIVATE csrc)
  target_compile_options(_cuda PRIVATE
    $<$<COMPILE_LANGUAGE:CXX>:-Wall -Wextra>
    $<$<COMPILE_LANGUAGE:CUDA>:--expt-relaxed-constexpr --resource-usage -diag-suppress=1675>
  )
  target_link_libraries(_cuda PRIVATE CUDA::cudart_static)
endif()

install(TARGETS _cuda DESTINATION gibbsite)

# LibTorch's C++ interface, for plugins of the tier torch-cxx and for the host.

# knack_find_torch(PROBLEM_VARIABLE)
# Finds LibTorch 2.11 or later, gives it the target knack_torch and sets Torch_VERSION; or puts what is wrong into
# PROBLEM_VARIABLE. Looked up in this order: Torch_DIR, CMAKE_PREFIX_PATH, then the Python wheel in ./.venv.
# The TorchConfig.cmake found tells the place only and is not run: that of a CUDA wheel demands an installed
# CUDA toolkit, which knack has no use for.
function(knack_find_torch problem_variable)
  file(GLOB wheel "${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch")
  string(REPLACE ":" ";" prefixes "$ENV{CMAKE_PREFIX_PATH}")
  find_path(Torch_DIR TorchConfig.cmake NO_DEFAULT_PATH
    HINTS ENV Torch_DIR
    PATHS ${CMAKE_PREFIX_PATH} ${prefixes} ${wheel}
    PATH_SUFFIXES share/cmake/Torch)

  set(PACKAGE_FIND_VERSION 2.11)
  include("${Torch_DIR}/TorchConfigVersion.cmake" OPTIONAL)
  if(NOT PACKAGE_VERSION_COMPATIBLE)
    set(${problem_variable}
      "knack needs LibTorch 2.11 or later and found '${PACKAGE_VERSION}' in Torch_DIR '${Torch_DIR}'" PARENT_SCOPE)
    return()
  endif()
  set(${problem_variable} "" PARENT_SCOPE)
  set(Torch_VERSION "${PACKAGE_VERSION}" PARENT_SCOPE)
  if(TARGET knack_torch)
    return()
  endif()
  message(STATUS "Found LibTorch ${PACKAGE_VERSION}: ${Torch_DIR}")

  cmake_path(SET prefix NORMALIZE "${Torch_DIR}/../../..")
  add_library(knack_torch INTERFACE)
  # LibTorch's headers are not ours to keep free of warnings.
  target_include_directories(knack_torch SYSTEM INTERFACE
    "${prefix}/include" "${prefix}/include/torch/csrc/api/include")
  # What LibTorch's own targets define, which some of its headers ask for.
  target_compile_definitions(knack_torch INTERFACE USE_DISTRIBUTED USE_C10D_GLOO USE_RPC USE_TENSORPIPE)
  # Without it some classes, such as at::RecordFunction, have members that those in the library lack.
  target_compile_definitions(knack_torch INTERFACE $<$<NOT:$<CONFIG:Release>>:NDEBUG>)
  # No symbol is taken from libtorch.so itself, yet it brings in the CUDA kernels of a LibTorch that has them.
  target_link_options(knack_torch INTERFACE LINKER:--no-as-needed)
  target_link_libraries(knack_torch INTERFACE
    "${prefix}/lib/libtorch.so" "${prefix}/lib/libtorch_cpu.so" "${prefix}/lib/libc10.so")
endfunction()

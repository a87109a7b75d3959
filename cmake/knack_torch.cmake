# Finds LibTorch (2.11 or later) and gives it one name, knack_torch.
#
# Looked up in this order: Torch_DIR, CMAKE_PREFIX_PATH, then the Python wheel in ./.venv.
# The TorchConfig.cmake found tells the place only and is not run: that of a CUDA wheel demands an installed
# CUDA toolkit, which knack has no use for.
file(GLOB knack_torch_wheel "${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch")
string(REPLACE ":" ";" knack_torch_prefixes "$ENV{CMAKE_PREFIX_PATH}")
find_path(Torch_DIR TorchConfig.cmake NO_DEFAULT_PATH
  HINTS ENV Torch_DIR
  PATHS ${CMAKE_PREFIX_PATH} ${knack_torch_prefixes} ${knack_torch_wheel}
  PATH_SUFFIXES share/cmake/Torch)

set(PACKAGE_FIND_VERSION 2.11)
include("${Torch_DIR}/TorchConfigVersion.cmake" OPTIONAL)
if(NOT PACKAGE_VERSION_COMPATIBLE)
  message(FATAL_ERROR
    "knack needs LibTorch 2.11 or later and found '${PACKAGE_VERSION}' in Torch_DIR '${Torch_DIR}'.\n"
    "Run ./scripts/quickstart, which puts it into ./.venv, or pass -DTorch_DIR=<libtorch>/share/cmake/Torch.")
endif()
set(Torch_VERSION "${PACKAGE_VERSION}")
message(STATUS "Found LibTorch ${Torch_VERSION}: ${Torch_DIR}")

cmake_path(SET knack_torch_prefix NORMALIZE "${Torch_DIR}/../../..")
add_library(knack_torch INTERFACE)
# LibTorch's headers are not ours to keep free of warnings.
target_include_directories(knack_torch SYSTEM INTERFACE
  "${knack_torch_prefix}/include" "${knack_torch_prefix}/include/torch/csrc/api/include")
# What LibTorch's own targets define, which some of its headers ask for.
target_compile_definitions(knack_torch INTERFACE USE_DISTRIBUTED USE_C10D_GLOO USE_RPC USE_TENSORPIPE)
# Without it some classes, such as at::RecordFunction, have members that those in the library lack.
target_compile_definitions(knack_torch INTERFACE $<$<NOT:$<CONFIG:Release>>:NDEBUG>)
# No symbol is taken from libtorch.so itself, yet it brings in the CUDA kernels of a LibTorch that has them.
target_link_options(knack_torch INTERFACE LINKER:--no-as-needed)
target_link_libraries(knack_torch INTERFACE
  "${knack_torch_prefix}/lib/libtorch.so" "${knack_torch_prefix}/lib/libtorch_cpu.so"
  "${knack_torch_prefix}/lib/libc10.so")

# Finds LibTorch (2.11 or later) and gives it one name, knack_torch.
#
# Looked up in this order: Torch_DIR or CMAKE_PREFIX_PATH, then the Python wheel in ./.venv.
if(NOT Torch_DIR AND NOT DEFINED ENV{Torch_DIR})
  file(GLOB knack_venv_torch "${CMAKE_SOURCE_DIR}/.venv/lib/python3*/site-packages/torch/share/cmake/Torch")
  list(APPEND CMAKE_PREFIX_PATH ${knack_venv_torch})
endif()
find_package(Torch 2.11 QUIET)
if(NOT Torch_FOUND)
  message(FATAL_ERROR
    "knack needs LibTorch 2.11 or later and found none.\n"
    "Run ./scripts/quickstart, which puts it into ./.venv, or pass -DTorch_DIR=<libtorch>/share/cmake/Torch.")
endif()
add_library(knack_torch INTERFACE)
target_link_libraries(knack_torch INTERFACE ${TORCH_LIBRARIES})
# LibTorch's headers are not ours to keep free of warnings.
get_target_property(knack_torch_includes torch INTERFACE_INCLUDE_DIRECTORIES)
target_include_directories(knack_torch SYSTEM INTERFACE ${knack_torch_includes})
separate_arguments(knack_torch_flags UNIX_COMMAND "${TORCH_CXX_FLAGS}")
target_compile_options(knack_torch INTERFACE ${knack_torch_flags})

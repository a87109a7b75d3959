# Compiler settings and dependencies of everything built in this tree.
set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_C_STANDARD 11)
set(CMAKE_C_EXTENSIONS OFF)
set(CMAKE_POSITION_INDEPENDENT_CODE ON)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${CMAKE_BINARY_DIR}/bin")
set(KNACK_PLUGIN_DIRECTORY "${CMAKE_BINARY_DIR}/lib/knack/plugins")

option(KNACK_WERROR "Treat warnings as errors" OFF)
add_library(knack_warnings INTERFACE)
# GCC 12 sees an overlap in every `"text" + std::string(...)` (GCC bug 105651).
target_compile_options(knack_warnings INTERFACE -Wall -Wextra $<$<CXX_COMPILER_ID:GNU>:-Wno-restrict>
  $<$<BOOL:${KNACK_WERROR}>:-Werror>)

include(knack_sanitizers)

find_package(Threads REQUIRED)
find_package(nlohmann_json 3.11 REQUIRED)
find_package(spdlog REQUIRED)
find_package(CLI11 REQUIRED)
find_package(ZLIB REQUIRED)
find_package(Boost 1.74 REQUIRED)
list(APPEND CMAKE_MODULE_PATH "${CMAKE_SOURCE_DIR}/sdk/cmake")
include(knack_torch)
knack_find_torch(knack_torch_problem)
if(knack_torch_problem)
  message(FATAL_ERROR "${knack_torch_problem}.\n"
    "Run ./scripts/quickstart, which puts it into ./.venv, or pass -DTorch_DIR=<libtorch>/share/cmake/Torch.")
endif()
if(BUILD_TESTING)
  find_package(GTest REQUIRED)
endif()

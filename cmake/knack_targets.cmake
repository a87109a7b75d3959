# Helpers for targets that live in this tree. Plugins use knack_add_plugin() from sdk/cmake, as third parties do.

# knack_use_torch(TARGET VISIBILITY)
# Links LibTorch and takes its headers from the precompiled ones of host/torch_headers, whose flags it must share.
function(knack_use_torch target visibility)
  target_link_libraries(${target} ${visibility} knack_torch)
  target_precompile_headers(${target} REUSE_FROM knack_torch_headers)
  if(CMAKE_CXX_COMPILER_ID STREQUAL "GNU")
    target_compile_options(${target} PRIVATE -fpch-preprocess) # ccache needs it
  endif()
endfunction()

# knack_host_library(NAME [TORCH] SOURCES file... [DEPENDS target...])
# One host folder, one static library: what a folder may include is what it lists under DEPENDS.
function(knack_host_library name)
  cmake_parse_arguments(arg "TORCH" "" "SOURCES;DEPENDS" ${ARGN})
  add_library(${name} STATIC ${arg_SOURCES})
  target_include_directories(${name} PUBLIC "${PROJECT_SOURCE_DIR}")
  target_link_libraries(${name} PUBLIC knack::abi ${arg_DEPENDS} PRIVATE knack_warnings)
  if(arg_TORCH)
    knack_use_torch(${name} PUBLIC)
  endif()
endfunction()

# knack_test(NAME SOURCES file... [LINK target...] [LABELS label...] [TORCH])
# A GoogleTest program whose tests ctest sees one by one.
function(knack_test name)
  cmake_parse_arguments(arg "TORCH" "" "SOURCES;LINK;LABELS" ${ARGN})
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE ${arg_LINK} GTest::gtest GTest::gmock GTest::gtest_main knack_warnings)
  target_include_directories(${name} PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(${name} PRIVATE
    KNACK_SOURCE_DIR="${PROJECT_SOURCE_DIR}" KNACK_BINARY_DIR="${CMAKE_BINARY_DIR}")
  if(arg_TORCH)
    knack_use_torch(${name} PRIVATE)
    # A program would be compiled with -fPIE, which the precompiled headers are not.
    set_target_properties(${name} PROPERTIES POSITION_INDEPENDENT_CODE OFF)
    target_compile_options(${name} PRIVATE -fPIC)
  endif()
  include(GoogleTest)
  gtest_discover_tests(${name} PROPERTIES LABELS "${arg_LABELS}" DISCOVERY_TIMEOUT 60)
endfunction()

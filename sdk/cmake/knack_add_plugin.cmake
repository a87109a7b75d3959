# One way to build a plugin, inside this tree and outside of it.
set(KNACK_PLUGIN_MAP "${CMAKE_CURRENT_LIST_DIR}/plugin.map" CACHE INTERNAL
  "Linker version script: the entry is the only exported symbol")

# knack_add_plugin(NAME SOURCES file... [TORCH | TORCH_STABLE | C] [ABI_MINOR minor] [AUTHOR text] [LICENSE text]
#                  [LINK target...])
# The plugin NAME.so, in KNACK_PLUGIN_DIRECTORY if that is set; installed into the prefix's lib/knack/plugins. TORCH: uses
# LibTorch's C++ interface and so loads only into hosts with the very same LibTorch; TORCH_STABLE: uses LibTorch's stable
# headers alone and loads into hosts with LibTorch 2.11 or later; C: plain C, against the ABI headers alone. ABI_MINOR: the
# lowest minor of knack's ABI whose hosts it loads into (0).
function(knack_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "TORCH;TORCH_STABLE;C" "ABI_MINOR;AUTHOR;LICENSE" "SOURCES;LINK")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "knack_add_plugin(${name}): give SOURCES; unknown: '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT DEFINED arg_LICENSE)
    set(arg_LICENSE "MIT")
  endif()
  if(NOT DEFINED arg_ABI_MINOR)
    set(arg_ABI_MINOR 0)
  endif()

  add_library(${name} MODULE ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS "${KNACK_PLUGIN_MAP}")
  # The host has LibTorch loaded. CMake's own RUNPATH of build folders would end in an empty entry: the current folder.
  set_target_properties(${name} PROPERTIES BUILD_WITH_INSTALL_RPATH ON)
  if(DEFINED KNACK_PLUGIN_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${KNACK_PLUGIN_DIRECTORY}")
  endif()
  target_compile_definitions(${name} PRIVATE
    "KNACK_PLUGIN_AUTHOR=\"${arg_AUTHOR}\"" "KNACK_PLUGIN_LICENSE=\"${arg_LICENSE}\""
    "KNACK_PLUGIN_ABI_MINOR=${arg_ABI_MINOR}")
  # GNU unique symbols are shared between plugins and keep a library in memory.
  target_compile_options(${name} PRIVATE
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique> -ffunction-sections -fdata-sections)
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${KNACK_PLUGIN_MAP}" LINKER:--gc-sections LINKER:-z,now LINKER:-z,relro)

  if(arg_TORCH)
    target_link_libraries(${name} PRIVATE knack::torch)
    target_compile_definitions(${name} PRIVATE
      "KNACK_PLUGIN_TIER=\"torch-cxx\"" "KNACK_PLUGIN_TORCH_VERSION=\"${Torch_VERSION}\"")
  elseif(arg_TORCH_STABLE)
    if(NOT TARGET knack_torch)
      message(FATAL_ERROR "knack_add_plugin(${name}): TORCH_STABLE needs LibTorch's headers; "
        "ask for them with find_package(knack 1 REQUIRED COMPONENTS torch)")
    endif()
    # Headers alone: the host has LibTorch loaded, and its stable functions are found there.
    target_link_libraries(${name} PRIVATE knack::sdk)
    target_include_directories(${name} SYSTEM PRIVATE $<TARGET_PROPERTY:knack_torch,INTERFACE_INCLUDE_DIRECTORIES>)
    target_compile_definitions(${name} PRIVATE TORCH_TARGET_VERSION=0x020b000000000000
      "KNACK_PLUGIN_TIER=\"torch-stable\"" "KNACK_PLUGIN_TORCH_VERSION=\"2.11\"")
  elseif(arg_C)
    target_link_libraries(${name} PRIVATE knack::abi)
  else()
    target_link_libraries(${name} PRIVATE knack::sdk)
  endif()
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  if(TARGET knack_warnings)
    target_link_libraries(${name} PRIVATE knack_warnings)
  endif()

  get_property(is_multi_config GLOBAL PROPERTY GENERATOR_IS_MULTI_CONFIG)
  if(NOT CMAKE_BUILD_TYPE AND NOT is_multi_config)
    target_compile_options(${name} PRIVATE -O2) # fast, unless its author says otherwise
  endif()
  if(DEFINED KNACK_PLUGIN_INSTALL_DIRECTORY)
    install(TARGETS ${name} LIBRARY DESTINATION "${KNACK_PLUGIN_INSTALL_DIRECTORY}" COMPONENT runtime)
  endif()
endfunction()

# knack_add_plugin_test(NAME PLUGIN plugin SOURCES file...)
# A program that ctest runs with the plugin's file as its argument; knack/testing has the host for it.
function(knack_add_plugin_test name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "PLUGIN" "SOURCES")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES OR NOT TARGET "${arg_PLUGIN}")
    message(FATAL_ERROR "knack_add_plugin_test(${name}): give PLUGIN, a target of knack_add_plugin(), and SOURCES; "
      "unknown: '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  add_executable(${name} ${arg_SOURCES})
  target_link_libraries(${name} PRIVATE knack::sdk ${CMAKE_DL_LIBS})
  add_test(NAME ${name} COMMAND ${name} $<TARGET_FILE:${arg_PLUGIN}>)
endfunction()

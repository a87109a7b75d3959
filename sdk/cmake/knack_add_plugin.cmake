# One way to build a plugin, inside this tree and outside of it.
set(KNACK_PLUGIN_MAP "${CMAKE_CURRENT_LIST_DIR}/plugin.map" CACHE INTERNAL
  "Linker version script: the entry is the only exported symbol")

# knack_add_plugin(NAME SOURCES file... [TORCH] [C] [AUTHOR text] [LICENSE text] [LINK target...])
# The plugin NAME.so, in KNACK_PLUGIN_DIRECTORY if that is set. TORCH: uses LibTorch's C++ interface and so
# loads only into hosts with the very same LibTorch; C: plain C, against the ABI headers alone.
function(knack_add_plugin name)
  cmake_parse_arguments(PARSE_ARGV 1 arg "TORCH;C" "AUTHOR;LICENSE" "SOURCES;LINK")
  if(arg_UNPARSED_ARGUMENTS OR NOT arg_SOURCES)
    message(FATAL_ERROR "knack_add_plugin(${name}): give SOURCES; unknown: '${arg_UNPARSED_ARGUMENTS}'")
  endif()
  if(NOT DEFINED arg_LICENSE)
    set(arg_LICENSE "MIT")
  endif()

  add_library(${name} MODULE ${arg_SOURCES})
  set_target_properties(${name} PROPERTIES
    PREFIX "" SUFFIX ".so" C_VISIBILITY_PRESET hidden CXX_VISIBILITY_PRESET hidden
    VISIBILITY_INLINES_HIDDEN ON LINK_DEPENDS "${KNACK_PLUGIN_MAP}")
  if(DEFINED KNACK_PLUGIN_DIRECTORY)
    set_target_properties(${name} PROPERTIES LIBRARY_OUTPUT_DIRECTORY "${KNACK_PLUGIN_DIRECTORY}")
  endif()
  target_compile_definitions(${name} PRIVATE
    "KNACK_PLUGIN_AUTHOR=\"${arg_AUTHOR}\"" "KNACK_PLUGIN_LICENSE=\"${arg_LICENSE}\"")
  # GNU unique symbols are shared between plugins and keep a library in memory.
  target_compile_options(${name} PRIVATE
    $<$<COMPILE_LANG_AND_ID:CXX,GNU>:-fno-gnu-unique> -ffunction-sections -fdata-sections)
  target_link_options(${name} PRIVATE
    "LINKER:--version-script=${KNACK_PLUGIN_MAP}" LINKER:--gc-sections LINKER:-z,now LINKER:-z,relro)

  if(arg_TORCH)
    target_link_libraries(${name} PRIVATE knack::torch)
    target_compile_definitions(${name} PRIVATE
      "KNACK_PLUGIN_TIER=\"torch-cxx\"" "KNACK_PLUGIN_TORCH_VERSION=\"${Torch_VERSION}\"")
  elseif(arg_C)
    target_link_libraries(${name} PRIVATE knack::abi)
  else()
    target_link_libraries(${name} PRIVATE knack::sdk)
  endif()
  target_link_libraries(${name} PRIVATE ${arg_LINK})
  if(TARGET knack_warnings)
    target_link_libraries(${name} PRIVATE knack_warnings)
  endif()
endfunction()

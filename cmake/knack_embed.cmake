# knack_embed(TARGET NAME FILE...)
# Puts files into the program: TARGET gets a source that defines
#   std::span<const knack::host::EmbeddedFile> knack::host::NAME();
# with the files in the order given, each under its name without folders. Text without NUL only. The caller declares the
# function in a header of its own, beside what the files mean.
set(KNACK_EMBED_SCRIPT "${CMAKE_CURRENT_LIST_DIR}/knack_embed_script.cmake")

function(knack_embed target name)
  set(files)
  foreach(file IN LISTS ARGN)
    cmake_path(ABSOLUTE_PATH file BASE_DIRECTORY "${CMAKE_CURRENT_SOURCE_DIR}" NORMALIZE)
    list(APPEND files "${file}")
  endforeach()
  set(output "${CMAKE_CURRENT_BINARY_DIR}/${name}.cpp")
  add_custom_command(OUTPUT "${output}"
    COMMAND "${CMAKE_COMMAND}" "-DNAME=${name}" "-DFILES=${files}" "-DOUTPUT=${output}" -P "${KNACK_EMBED_SCRIPT}"
    DEPENDS ${files} "${KNACK_EMBED_SCRIPT}" VERBATIM)
  target_sources(${target} PRIVATE "${output}")
  set_source_files_properties("${output}" PROPERTIES SKIP_PRECOMPILE_HEADERS ON)
endfunction()

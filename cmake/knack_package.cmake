# The component `runtime`, and two Debian packages: knack-sdk (component sdk, see sdk/cmake/install.cmake) and knack.
cmake_path(SET torch_libraries NORMALIZE "${Torch_DIR}/../../../lib")
# A LibTorch with CUDA has gigabytes, in part of other vendors' packages.
set(bundle_by_default ON)
if(EXISTS "${torch_libraries}/libtorch_cuda.so")
  set(bundle_by_default OFF)
endif()
option(KNACK_BUNDLE_LIBTORCH "Install LibTorch's libraries too; otherwise they are used where they are now"
  ${bundle_by_default})
# Linked as it will be installed: a RUNPATH that CMake exchanges while installing has an empty entry, the current
# folder.
set_property(TARGET knack PROPERTY BUILD_WITH_INSTALL_RPATH ON)
if(KNACK_BUNDLE_LIBTORCH)
  set_property(TARGET knack PROPERTY INSTALL_RPATH "$ORIGIN/../lib/knack/torch")
  file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/lib/knack")
  file(CREATE_LINK "${torch_libraries}" "${PROJECT_BINARY_DIR}/lib/knack/torch" SYMBOLIC)
  # What the program needs of that folder, and what those libraries need of it in turn.
  install(TARGETS knack
    RUNTIME_DEPENDENCIES DIRECTORIES "${torch_libraries}"
      PRE_INCLUDE_REGEXES "^lib(torch|c10|gomp)" PRE_EXCLUDE_REGEXES ".*"
    RUNTIME COMPONENT runtime
    LIBRARY COMPONENT runtime DESTINATION lib/knack/torch)
  file(GLOB torch_licenses "${torch_libraries}/../../torch-*.dist-info/licenses/")
  install(DIRECTORY ${torch_licenses} DESTINATION share/doc/knack/libtorch COMPONENT runtime)
else()
  set_property(TARGET knack PROPERTY INSTALL_RPATH "${torch_libraries}")
  install(TARGETS knack RUNTIME COMPONENT runtime)
endif()

install(FILES configs/validate.json DESTINATION share/knack COMPONENT runtime)
install(DIRECTORY configs/data/digits DESTINATION share/knack/data COMPONENT runtime)
install(PROGRAMS scripts/convert_pth.py DESTINATION share/knack COMPONENT runtime)
install(FILES LICENSE DESTINATION share/doc/knack COMPONENT runtime RENAME copyright)
file(CREATE_LINK "${PROJECT_SOURCE_DIR}/configs/validate.json" "${PROJECT_BINARY_DIR}/share/knack/validate.json" SYMBOLIC)
file(CREATE_LINK "${PROJECT_SOURCE_DIR}/scripts/convert_pth.py" "${PROJECT_BINARY_DIR}/share/knack/convert_pth.py" SYMBOLIC)
file(CREATE_LINK "${PROJECT_SOURCE_DIR}/configs/data" "${PROJECT_BINARY_DIR}/share/knack/data" SYMBOLIC)

# What shells complete and the manual page, as the program itself prints them.
set(knack_texts)
function(knack_text file folder)
  set(path "${PROJECT_BINARY_DIR}/texts/${file}")
  cmake_path(GET path PARENT_PATH parent)
  add_custom_command(OUTPUT "${path}"
    COMMAND "${CMAKE_COMMAND}" -E make_directory "${parent}"
    COMMAND knack ${ARGN} > "${path}" DEPENDS knack VERBATIM)
  install(FILES "${path}" DESTINATION "share/${folder}" COMPONENT runtime)
  set(knack_texts ${knack_texts} "${path}" PARENT_SCOPE)
endfunction()
knack_text(bash/knack bash-completion/completions completion bash)
knack_text(_knack zsh/vendor-completions completion zsh)
knack_text(knack.fish fish/vendor_completions.d completion fish)
knack_text(knack.1 man/man1 man)
add_custom_target(knack_texts ALL DEPENDS ${knack_texts})

set(CPACK_GENERATOR DEB)
set(CPACK_COMPONENTS_ALL sdk runtime)
set(CPACK_KNACK_BUNDLES_LIBTORCH ${KNACK_BUNDLE_LIBTORCH})
set(CPACK_PROJECT_CONFIG_FILE "${CMAKE_CURRENT_LIST_DIR}/knack_cpack.cmake")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_INSTALL_DEFAULT_DIRECTORY_PERMISSIONS
  OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE WORLD_READ WORLD_EXECUTE)
set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_COMPRESSION_TYPE zstd) # LibTorch has 430 MB, which xz takes minutes for
set(CPACK_DEBIAN_PACKAGE_MAINTAINER "The knack authors")
set(CPACK_DEBIAN_PACKAGE_SECTION science)

set(CPACK_DEBIAN_SDK_PACKAGE_NAME knack-sdk)
set(CPACK_DEBIAN_SDK_PACKAGE_ARCHITECTURE all)
set(CPACK_DEBIAN_SDK_PACKAGE_SUGGESTS "knack, cmake, g++, pkgconf, cargo")
set(CPACK_DEBIAN_SDK_DESCRIPTION "SDK for plugins of the neural network trainer knack
 Headers, CMake package, templates and documentation.")

set(CPACK_DEBIAN_RUNTIME_PACKAGE_NAME knack)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_RUNTIME_PACKAGE_SUGGESTS knack-sdk)
set(CPACK_DEBIAN_RUNTIME_DESCRIPTION "Trainer of neural networks in which everything but the loop is a plugin
 The program, its plugins and LibTorch.")
include(CPack)

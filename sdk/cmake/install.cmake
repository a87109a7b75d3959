# The component `sdk`: headers and text files alone, the same on every machine, with no absolute path in them.
# The build folder gets the same layout, so that what is built there works as what is installed does.
include(CMakePackageConfigHelpers)
set(package_folder "share/cmake/knack")
set(built "${PROJECT_BINARY_DIR}/${package_folder}")

write_basic_package_version_file("${built}/knackConfigVersion.cmake" COMPATIBILITY SameMajorVersion ARCH_INDEPENDENT)
set(package_files cmake/knackConfig.cmake cmake/knack_add_plugin.cmake cmake/knack_torch.cmake cmake/plugin.map)
foreach(file IN LISTS package_files)
  configure_file("${file}" "${built}" COPYONLY)
endforeach()
configure_file(cmake/knack.pc.in "${PROJECT_BINARY_DIR}/share/pkgconfig/knack.pc" @ONLY)
install(FILES ${package_files} "${built}/knackConfigVersion.cmake" DESTINATION "${package_folder}" COMPONENT sdk)
install(FILES "${PROJECT_BINARY_DIR}/share/pkgconfig/knack.pc" DESTINATION share/pkgconfig COMPONENT sdk)

install(TARGETS knack_abi knack_sdk EXPORT knack)
install(EXPORT knack NAMESPACE knack:: FILE knackTargets.cmake DESTINATION "${package_folder}" COMPONENT sdk)
export(EXPORT knack NAMESPACE knack:: FILE "${built}/knackTargets.cmake")

install(DIRECTORY include/knack DESTINATION include COMPONENT sdk)
install(DIRECTORY template DESTINATION share/knack COMPONENT sdk)
install(DIRECTORY rust DESTINATION share/knack COMPONENT sdk OPTIONAL PATTERN target EXCLUDE PATTERN Cargo.lock EXCLUDE)
install(FILES "${PROJECT_SOURCE_DIR}/LICENSE" DESTINATION share/doc/knack-sdk COMPONENT sdk RENAME copyright)
install(DIRECTORY "${PROJECT_SOURCE_DIR}/docs/" DESTINATION share/doc/knack-sdk COMPONENT sdk
  PATTERN adr EXCLUDE PATTERN __pycache__ EXCLUDE)

file(MAKE_DIRECTORY "${PROJECT_BINARY_DIR}/share/knack")
foreach(folder IN ITEMS template rust)
  file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}/${folder}" "${PROJECT_BINARY_DIR}/share/knack/${folder}" SYMBOLIC)
endforeach()
file(CREATE_LINK "${CMAKE_CURRENT_SOURCE_DIR}/include" "${PROJECT_BINARY_DIR}/include" SYMBOLIC)

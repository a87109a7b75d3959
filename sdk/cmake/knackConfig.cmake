# find_package(knack 1 REQUIRED [COMPONENTS torch])
#
# Gives knack::abi (C11), knack::sdk (C++20), knack_add_plugin() and knack_add_plugin_test(). The component torch adds
# knack::torch, which finds the caller's LibTorch; nothing else needs one.
include("${CMAKE_CURRENT_LIST_DIR}/knackTargets.cmake")
include("${CMAKE_CURRENT_LIST_DIR}/knack_add_plugin.cmake")
set(KNACK_PLUGIN_INSTALL_DIRECTORY "lib/knack/plugins")

foreach(component IN LISTS knack_FIND_COMPONENTS)
  if(component STREQUAL "torch")
    include("${CMAKE_CURRENT_LIST_DIR}/knack_torch.cmake")
    knack_find_torch(knack_NOT_FOUND_MESSAGE)
    if(TARGET knack_torch AND NOT TARGET knack::torch)
      add_library(knack::torch INTERFACE IMPORTED)
      target_link_libraries(knack::torch INTERFACE knack::sdk knack_torch)
    endif()
  else()
    set(knack_NOT_FOUND_MESSAGE "knack has no component '${component}'; there is torch")
  endif()
  if(knack_NOT_FOUND_MESSAGE AND knack_FIND_REQUIRED_${component})
    set(knack_FOUND FALSE)
    break()
  endif()
endforeach()

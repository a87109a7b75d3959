# Read by CPack before it packs. A program that uses a LibTorch somewhere on the machine it was built on is no use to others.
if(NOT CPACK_KNACK_BUNDLES_LIBTORCH)
  list(REMOVE_ITEM CPACK_COMPONENTS_ALL runtime)
  message(WARNING "the package knack is left out, as it would lack LibTorch; "
    "configure with -DKNACK_BUNDLE_LIBTORCH=ON for it")
  if(NOT CPACK_COMPONENTS_ALL)
    message(FATAL_ERROR "no package is left to be made")
  endif()
endif()

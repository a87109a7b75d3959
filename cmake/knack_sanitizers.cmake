# Builds everything with the sanitizers that KNACK_SANITIZE lists; the presets asan, tsan and fuzz set it.
set(KNACK_SANITIZE "" CACHE STRING "Comma-separated sanitizers of the compiler, as address,undefined")
if(KNACK_SANITIZE)
  # Whatever undefined behaviour is found ends the program, as an address error does.
  add_compile_options(-fsanitize=${KNACK_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${KNACK_SANITIZE})
  add_compile_definitions(_GLIBCXX_ASSERTIONS)
endif()

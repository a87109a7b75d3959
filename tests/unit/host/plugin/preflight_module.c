/* SPDX-License-Identifier: MIT */
#include <knack/abi/entry.h>

KNACK_MANIFEST const char preflight_manifest[] = KNACK_MANIFEST_MAGIC
    "{\"abi_major\": 1, \"abi_minor\": 0, \"tier\": \"c\", \"version\": \"1.0.0\","
    " \"provides\": [{\"kind\": \"trick\", \"id\": \"acme.nothing\"}]}";

int preflight_answer(void) {
  return 42;
}

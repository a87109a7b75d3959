// SPDX-License-Identifier: MIT
// To be preloaded: lets one of the calls by which a process changes files fail, or ends the process
// before it. The environment variable KNACK_TEST_CALL is "NUMBER:ERROR": which call of the process,
// from 1, and the errno that it gives; 0 kills. At its end the process says how many calls it made.
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

static atomic_long calls;

__attribute__((destructor)) static void tell(void) {
  if (getenv("KNACK_TEST_CALL") != NULL) fprintf(stderr, "calls: %ld\n", atomic_load(&calls));
}

// Whether this call is to fail, with errno set.
static int fails(void) {
  const char* order = getenv("KNACK_TEST_CALL");
  long number = 0;
  int error = 0;
  if (order == NULL || sscanf(order, "%ld:%d", &number, &error) != 2) return 0;
  if (atomic_fetch_add(&calls, 1) + 1 != number) return 0;
  if (error == 0) kill(getpid(), SIGKILL);
  errno = error;
  return 1;
}

#define NEXT(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))
#define MAY_FAIL(type, name, parameters, arguments) \
  type name parameters {                            \
    return fails() ? -1 : NEXT(name) arguments;     \
  }

MAY_FAIL(ssize_t, write, (int file, const void* data, size_t size), (file, data, size))
MAY_FAIL(ssize_t, sendfile, (int to, int from, off_t* at, size_t size), (to, from, at, size))
MAY_FAIL(int, fsync, (int file), (file))
MAY_FAIL(int, ftruncate, (int file, off_t size), (file, size))
MAY_FAIL(int, rename, (const char* from, const char* to), (from, to))
MAY_FAIL(int, link, (const char* from, const char* to), (from, to))
MAY_FAIL(int, symlink, (const char* target, const char* path), (target, path))
MAY_FAIL(int, mkdir, (const char* path, mode_t mode), (path, mode))
MAY_FAIL(int, unlink, (const char* path), (path))
MAY_FAIL(int, unlinkat, (int folder, const char* path, int flags), (folder, path, flags))
MAY_FAIL(int, remove, (const char* path), (path))

#define MAY_FAIL_TO_CREATE(name)                                                   \
  int name(const char* path, int flags, ...) {                                     \
    va_list more;                                                                  \
    va_start(more, flags);                                                         \
    const int mode = (flags & O_CREAT) != 0 ? va_arg(more, int) : 0;               \
    va_end(more);                                                                  \
    return (flags & O_CREAT) != 0 && fails() ? -1 : NEXT(name)(path, flags, mode); \
  }

MAY_FAIL_TO_CREATE(open)
MAY_FAIL_TO_CREATE(open64)

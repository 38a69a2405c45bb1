/*
 * Debian 12's User-Mode Linux (6.1) does not start on processors with AMX: it
 * writes a process's floating-point state back with PTRACE_SETREGSET from a
 * buffer of 2,696 bytes, and the kernel wants the whole area, which is larger
 * there. Loaded with LD_PRELOAD, this adds what is missing.
 */
#include <errno.h>
#include <stdarg.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <unistd.h>

enum { PEEKTEXT = 1, PEEKUSER = 3, GETREGSET = 0x4204, SETREGSET = 0x4205 };
enum { NT_X86_XSTATE = 0x202 };

static char whole[1 << 16];

static long call(long request, long pid, void *address, void *data) {
  return syscall(SYS_ptrace, request, pid, address, data);
}

static long state(long request, long pid, void *address, struct iovec *part) {
  struct iovec all = {whole, sizeof whole};
  long result = call(GETREGSET, pid, address, &all);
  if (result < 0) return result;
  if (part->iov_len > all.iov_len) part->iov_len = all.iov_len;
  if (request == GETREGSET) {
    memcpy(part->iov_base, whole, part->iov_len);
    return result;
  }
  memcpy(whole, part->iov_base, part->iov_len);
  return call(SETREGSET, pid, address, &all);
}

long ptrace(int request, ...) {
  va_list rest;
  va_start(rest, request);
  long pid = va_arg(rest, long);
  void *address = va_arg(rest, void *);
  void *data = va_arg(rest, void *);
  va_end(rest);
  if ((request == GETREGSET || request == SETREGSET) &&
      address == (void *)NT_X86_XSTATE) {
    return state(request, pid, address, data);
  }
  if (request < PEEKTEXT || request > PEEKUSER) {
    return call(request, pid, address, data);
  }
  long word; /* libc hands what was peeked back as the result */
  long result = call(request, pid, address, &word);
  if (result < 0) return result;
  errno = 0;
  return word;
}

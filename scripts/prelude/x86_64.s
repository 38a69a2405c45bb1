# The prelude of the compiled binary for x86_64: runs before Deno's own first
# instruction. Where a container has a shortcut for the command, that runs and
# Deno does not; else it says in TMPDIR where Deno finds the code cache (see
# ../prelude.ts). scripts/assemble.ts turns this file and its
# parts into x86_64.ts.
#
# The dynamic linker has ended: libc's setenv can be called. r12: rdx of the
# entry, which belongs to Deno. r13: the table behind the code. r14, while a
# shortcut is looked for: rsp of the entry, where argc, argv and envp are. From
# then on, rbx: the row of the code cache; rbp: rsp of the entry.
.intel_syntax noprefix
.set ENTRY, 0         # offsets from the table: of Deno's first instruction,
.set SETENV, 8        # of the address of setenv,
.set DLSYM, 16        # of the address of dlsym,
.set HOME, 24         # and of strings: how the folders of caches begin,
.set HOME_LENGTH, 32  # (its length)
.set NOWHERE, 40      # a path below which nothing can be,
.set VARIABLE, 48     # TMPDIR,
.set SELF, 56         # /proc/self/exe,
.set MALLOPT, 64      # mallopt,
.set NOTIFY, 72       # NOTIFY_SOCKET=,
.set RUNTIME, 80      # XDG_RUNTIME_DIR=,
.set JSON, 88         # --log-format=json,
.set LOG, 96          # --log,
.set FORMAT, 104      # --log-format,
.set ROOT, 112        # --root,
.set START, 120       # start,
.set DELETE, 128      # delete,
.set FORCE, 136       # --force,
.set RUN, 144         # /run/davit,
.set MAPPING, 152     # containers-mapping/,
.set KILL, 160        # kill,
.set ALL, 168         # --all,
.set SIGNALS, 176     # names of signals, each with its file behind it,
.set FOR_ALL, 184     # and the same for all processes,
.set NOT_UTF8, 192    # what is said of an argument that is not UTF-8,
.set ITSELF, 200      # and of one that is the program's own path;
.set ROOTS_NAME, 208  # USER=root,
.set OWN, 216         # davit,
.set NAMESPACE, 224   # /proc/self/ns/user,
.set SYSCALL, 232     # of the address of syscall,
.set STATE, 240       # of words of zero that can be written to,
.set MALLOC, 248      # of the address of malloc,
.set BEFORE, 256      # and of strings: what is before the binary's name
.set BEHIND, 264      # and behind it in a cache's path,
.set BUDDIES, 272     # /proc/buddyinfo.
.set CACHES, 280      # The code caches, each of them
.set WORDS, 0         # the words of its commands, and an empty one,
.set CACHE, 8         # its content,
.set LENGTH, 16       # (its length)
.set DIGITS, 24       # the digits that its folder ends with;
.set ROW, 32          # behind the last one, a zero.
.set SPELLED, 45      # how many digits these are, with the binary's name,
.set FEWEST, 16       # and at the least without;
.set MARK, 14         # the length of BEFORE,
.set ENDING, 7        # of BEHIND, with its zero,
.set SCHEME, 7        # and of file://
.set FOLDER, 4096     # from rsp: the folder of the cache,
.set FILE, 8192       # and its file
.set HEAP, 0x400000   # how much more the heap gets than is asked for
.set USED, 0x340000   # what of that a run uses
.set HUGE, 0x200000   # a huge page
.set CHUNK, 0x40000   # a page of V8's heap
.set READ_ONLY, 8     # how many of them come first and are read-only
.set ARENA, 0x800000  # the room for all others that a command uses
.set COUNT, 0         # In STATE: how many V8 has asked for,
.set NEXT, 8          # the arena's next one
.set END, 16          # and the arena's end,
.set PAGES, 24        # and how many huge pages of it a command uses
.set FREE_HUGE, 16    # huge pages that a host has to have free
.macro string register, field
  mov \register, [r13+\field]
  add \register, r13
.endm
.globl _start
_start:
  jmp begin
  .balign 8
  jmp mmap
  .balign 8
  jmp munmap
  .balign 8
  jmp madvise
  .include "arena.s"

begin:
  mov r12, rdx
  lea r13, [rip+table]
  mov r14, rsp
  cld
  .include "arguments.s"
  .include "shortcuts.s"

ordinary:
  mov rsp, r14
  .include "code_cache.s"
  .include "heaps.s"

set:
  mov rdi, [r13+VARIABLE]
  add rdi, r13
  mov rsi, r14
  mov edx, 1                # overwrite it
  mov rax, [r13+SETENV]
  call [r13+rax]
run:
  mov rsp, rbp
  mov rdx, r12
  mov rax, [r13+ENTRY]
  add rax, r13
  jmp rax
empty:
  .byte 0
  .balign 8
table:

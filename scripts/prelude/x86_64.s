# The prelude of the compiled binary for x86_64: runs before Deno's own first
# instruction and says in TMPDIR where Deno finds the code cache (see
# ../prelude.ts). scripts/assemble.ts turns this file into x86_64.ts.
#
# The dynamic linker has ended: libc's setenv can be called. r12: rdx of the
# entry, which belongs to Deno. r13: the table behind the code.
.intel_syntax noprefix
.set ENTRY, 0         # offsets from the table: of Deno's first instruction,
.set SETENV, 8        # of the address of setenv,
.set CACHE, 16        # of the code cache,
.set LENGTH, 24       # (its length)
.set FOLDER, 32       # and of strings: the cache's folder,
.set FILE, 40         # its file,
.set NAME, 48         # how the binary's path has to end,
.set NAME_LENGTH, 56  # (its length)
.set NOWHERE, 64      # a path below which nothing can be,
.set VARIABLE, 72     # TMPDIR,
.set SELF, 80         # /proc/self/exe
.globl _start
_start:
  mov r12, rdx
  lea r13, [rip+table]

  # Deno looks for the cache by the name of the binary.
  sub rsp, 4096
  mov eax, 89               # readlink
  mov rdi, [r13+SELF]
  add rdi, r13
  mov rsi, rsp
  mov edx, 4096
  syscall
  mov rcx, [r13+NAME_LENGTH]
  sub rax, rcx
  js different
  lea rsi, [rsp+rax]
  mov rdi, [r13+NAME]
  add rdi, r13
  cld
  repe cmpsb
different:
  lea rsp, [rsp+4096]
  jne nowhere

  mov eax, 2                # open
  mov rdi, [r13+FILE]
  add rdi, r13
  mov esi, 0x80000          # O_RDONLY|O_CLOEXEC
  syscall
  test eax, eax
  js make
  mov edi, eax
  mov eax, 3                # close
  syscall
  jmp found

  # Only root can make it: what is below /run is then nobody else's.
make:
  mov eax, 107              # geteuid
  syscall
  test eax, eax
  jnz nowhere
  mov eax, 83               # mkdir
  mov rdi, [r13+FOLDER]
  add rdi, r13
  mov esi, 0755
  syscall
  mov eax, 2                # open: a file without a name
  mov rdi, [r13+FOLDER]
  add rdi, r13
  mov esi, 0x490001         # O_TMPFILE|O_WRONLY|O_CLOEXEC
  mov edx, 0644
  syscall
  test eax, eax
  js nowhere
  mov r14d, eax
  mov edi, eax
  mov eax, 1                # write
  mov rsi, [r13+CACHE]
  add rsi, r13
  mov rdx, [r13+LENGTH]
  syscall
  xor r15d, r15d
  cmp rax, [r13+LENGTH]
  jne close
  mov eax, 265              # linkat: it appears whole
  mov edi, r14d
  lea rsi, [rip+empty]
  mov edx, -100             # AT_FDCWD
  mov r10, [r13+FILE]
  add r10, r13
  mov r8d, 0x1000           # AT_EMPTY_PATH
  syscall
  cmp eax, -17              # EEXIST: somebody was faster
  sete r15b
  test eax, eax
  sete al
  or r15b, al
close:
  mov eax, 3
  mov edi, r14d
  syscall
  test r15b, r15b
  jz nowhere

found:
  mov rsi, [r13+FOLDER]
  jmp set
nowhere:
  mov rsi, [r13+NOWHERE]
set:
  add rsi, r13
  mov rdi, [r13+VARIABLE]
  add rdi, r13
  mov edx, 1                # overwrite it
  mov rax, [r13+SETENV]
  call [r13+rax]
  mov rdx, r12
  mov rax, [r13+ENTRY]
  add rax, r13
  jmp rax
empty:
  .byte 0
  .balign 8
table:

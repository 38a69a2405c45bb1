# What Deno calls in place of libc's functions, and the huge pages behind it.
# A part of x86_64.s.

  # V8 allocates its heap in pages of 256 KB: it maps 508 KB, unmaps what is
  # around the aligned page, and says of it that children need no copy and that
  # it may be dumped. Of the first ones, which are read-only, it needs little, of
  # all others nearly everything: they come one behind the other from an arena
  # of huge pages, which was made for them, with their memory.
mmap:
  cmp rsi, 2 * CHUNK - 4096
  jne 1f
  cmp edx, 3                # PROT_READ|PROT_WRITE
  jne 1f
  cmp ecx, 0x22             # MAP_PRIVATE|MAP_ANONYMOUS
  jne 1f
  lea r10, [rip+table]
  add r10, [r10+STATE]
  lock inc dword ptr [r10+COUNT]
  cmp dword ptr [r10+COUNT], READ_ONLY
  jbe 1f
  mov eax, CHUNK
  lock xadd [r10+NEXT], rax
  cmp rax, [r10+END]
  jae 1f
  push rax
  mov rdi, rax
  mov esi, CHUNK
  mov edx, 23               # MADV_POPULATE_WRITE
  mov eax, 28               # madvise
  syscall
  pop rax
  ret
1:
  push r9
  mov r9d, r8d
  mov r8d, ecx
  mov ecx, edx
  mov rdx, rsi
  mov rsi, rdi
  mov edi, 9
  lea rax, [rip+table]
  add rax, [rax+SYSCALL]
  call [rax]                # which sets errno
  pop r9
  ret

munmap:
  cmp rsi, CHUNK - 4096
  jne 1f
  call inside
  jnc 2f
1:
  mov rdx, rsi
  mov rsi, rdi
  mov edi, 11
  jmp forward
2:
  xor eax, eax
  ret

madvise:
  cmp edx, 10               # MADV_DONTFORK
  je 1f
  cmp edx, 17               # MADV_DODUMP
  jne 3f
1:
  call inside
  jnc 2b
  cmp edx, 17
  jne 3f
  cmp rsi, CHUNK
  ja 3f
  lea rax, [rip+table]
  add rax, [rax+STATE]
  cmp dword ptr [rax+COUNT], READ_ONLY
  jbe 3f
  mov edx, 23               # MADV_POPULATE_WRITE
  mov eax, 28               # madvise
  syscall
  xor eax, eax
  ret
3:
  mov ecx, edx
  mov rdx, rsi
  mov rsi, rdi
  mov edi, 28
forward:
  lea rax, [rip+table]
  add rax, [rax+SYSCALL]
  jmp [rax]

  # Clears the carry flag where rdi is in the arena. Changes rax and r10.
inside:
  lea r10, [rip+table]
  add r10, [r10+STATE]
  mov rax, [r10+END]
  dec rax
  sub rax, rdi
  cmp rax, ARENA
  cmc
  ret


  # A thread that has no stack of its own, and uses none. rbx: libc's heap, of
  # which somebody else takes the first huge page. The kernel gives a page that
  # is touched without a lock on all memory, unlike one that is asked for.
taker:
  lea rdi, [rbx+HUGE]
  mov esi, HUGE
  string rcx, STATE
  mov r8d, [rcx+PAGES]
  mov r9, [rcx+END]
  sub r9, ARENA
1:
  lock or byte ptr [rdi], 0
  mov edx, 23               # MADV_POPULATE_WRITE: if it is no huge one
  mov eax, 28               # madvise
  syscall
  mov rdi, r9
  add r9, HUGE
  dec r8d
  jns 1b
  xor edi, edi
  mov eax, 60               # exit
  syscall

  # Asks for huge pages at rdi, as many bytes as rsi, where r15 says that there
  # are any. Keeps both.
huge:
  cmp r15d, FREE_HUGE
  jb 1f
  mov edx, 14               # MADV_HUGEPAGE
  mov eax, 28               # madvise
  syscall
1:
  ret

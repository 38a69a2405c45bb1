# Memory for libc's heap and for V8's. A part of x86_64.s.

  # Deno takes more than three megabytes at its start and V8 some six, page by
  # page, of which each costs a fault. In huge pages they take half of the time
  # that they would take in one call for all. The kernel halts who asks for these
  # until it has moved others' memory out of the way: so only where there are
  # many. r14: a string for TMPDIR; r15: how many there are, or more.
heap:
  xor r15d, r15d
  mov eax, 2                # open
  string rdi, BUDDIES
  mov esi, 0x80000          # O_RDONLY|O_CLOEXEC
  syscall
  test eax, eax
  js arena
  mov edi, eax
  xor eax, eax              # read, over the binary's path
  mov rsi, rsp
  mov edx, 4096
  syscall
  mov rdx, rax
  mov eax, 3                # close
  syscall
  # A line for each zone; its last two numbers: free blocks of 2 and of 4 MB.
  # rsi to rdx: what is yet to read; edi: the number at hand; ecx, r8d: the last
  # ones.
  add rdx, rsi
number:
  xor edi, edi
digit:
  cmp rsi, rdx
  jae arena
  movzx eax, byte ptr [rsi]
  inc rsi
  sub eax, '0'
  cmp eax, 9
  ja 1f
  imul edi, edi, 10
  add edi, eax
  jmp digit
1:
  cmp byte ptr [rsi-2], '0' # was the one before it a digit?
  jb 2f
  cmp byte ptr [rsi-2], '9'
  ja 2f
  mov r8d, ecx
  mov ecx, edi
2:
  cmp eax, 10 - '0'         # the end of the line
  jne number
  add r15d, ecx
  add r15d, r8d
  jmp number

arena:
  mov eax, 9                # mmap
  xor edi, edi
  mov esi, ARENA + HUGE
  mov edx, 3                # PROT_READ|PROT_WRITE
  mov r10d, 0x4022          # MAP_PRIVATE|MAP_ANONYMOUS|MAP_NORESERVE
  mov r8d, -1
  xor r9d, r9d
  syscall
  test rax, rax
  js 1f
  lea rdi, [rax+HUGE-1]
  and rdi, -HUGE
  string rcx, STATE
  mov [rcx+NEXT], rdi
  lea rax, [rdi+ARENA]
  mov [rcx+END], rax
  lea rax, [r13+CACHES]
  cmp rbx, rax              # commands that are not in a row of their own
  setne al                  # do with 4 MB, as libc's heap
  movzx eax, al
  add eax, 2
  mov [rcx+PAGES], eax
  mov esi, ARENA
  mov edx, 10               # MADV_DONTFORK
  mov eax, 28               # madvise
  syscall
  call huge
1:

  # libc's heap begins with a small page for what is allocated here. Where it has
  # one already, a huge page cannot be.
  xor edi, edi              # RTLD_DEFAULT
  mov rsi, [r13+MALLOPT]
  add rsi, r13
  mov rax, [r13+DLSYM]
  call [r13+rax]
  mov rbx, rax
  test rbx, rbx
  jz set
  mov edi, -1               # M_TRIM_THRESHOLD
  mov esi, 4 * HEAP
  call rbx
  mov edi, -2               # M_TOP_PAD
  mov esi, HEAP
  call rbx
  mov edi, -3               # M_MMAP_THRESHOLD
  mov esi, HEAP / 4
  call rbx
  mov eax, 12               # brk: where the heap begins
  xor edi, edi
  syscall
  lea rbx, [rax+HUGE+4096-1]
  and rbx, -HUGE
  lea rdi, [rbx-4096]
  mov eax, 12
  syscall
  mov edi, 1
  mov rax, [r13+MALLOC]
  call [r13+rax]
  mov eax, 12               # brk: where it ends
  xor edi, edi
  syscall
  sub rax, HEAP
  cmp rax, rbx
  jb set                    # it could not grow
  mov rdi, rbx
  mov esi, HEAP
  call huge
  mov esi, USED
  cmp r15d, FREE_HUGE
  jb 2f

  # The kernel clears a huge page in a quarter of a millisecond: another thread
  # takes all but the first, which is next in use. It has no signals to handle.
  mov qword ptr [rsp], -1
  xor edi, edi              # SIG_BLOCK
  mov rsi, rsp
  lea rdx, [rsp+8]
  mov r10d, 8
  mov eax, 14               # rt_sigprocmask
  syscall
  mov edi, 0x50f00          # CLONE_VM|FS|FILES|SIGHAND|THREAD|SYSVSEM
  xor esi, esi
  xor edx, edx
  xor r10d, r10d
  xor r8d, r8d
  mov eax, 56               # clone
  syscall
  test eax, eax
  jz taker
  mov r15d, eax
  mov edi, 2                # SIG_SETMASK
  lea rsi, [rsp+8]
  xor edx, edx
  mov r10d, 8
  mov eax, 14
  syscall
  mov esi, USED
  test r15d, r15d
  js 2f
  mov esi, HUGE
2:
  mov rdi, rbx
  mov edx, 23               # MADV_POPULATE_WRITE
  mov eax, 28               # madvise
  syscall

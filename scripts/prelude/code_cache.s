# The file with compiled code, and the string for TMPDIR in r14. A part of
# x86_64.s.

  # Which cache: that of the first argument that is a command of one, else the
  # first. A wrong one costs time, no more: Deno takes from it what fits.
  lea rbx, [r14+16]         # argv[1]
choose:
  mov rsi, [rbx]
  add rbx, 8
  lea rbp, [r13+CACHES]
  test rsi, rsi
  jz chosen
row:
  mov rdi, [rbp+WORDS]
  test rdi, rdi
  jz choose
  add rdi, r13
spelled:
  cmp byte ptr [rdi], 0
  je next
  call same
  je chosen
1:
  inc rdi                   # to the next word
  cmp byte ptr [rdi-1], 0
  jne 1b
  jmp spelled
next:
  add rbp, ROW
  jmp row
chosen:
  mov rbx, rbp

  # Deno looks for the cache by the name of the binary, and the modules' URLs in
  # the cache have it in them. The folder has so many digits that they are of one
  # length with any name: the copy that is laid differs in these bytes alone.
  mov rbp, rsp
  sub rsp, 12288
  mov eax, 89               # readlink
  string rdi, SELF
  mov rsi, rsp
  mov edx, 4096
  syscall
  cmp eax, 4096
  jae nowhere               # which a negative one is, too
  cmp byte ptr [rsp], '/'
  jne nowhere
  lea rsi, [rsp+rax]
  lea r14, [rsp+rax]
1:
  dec rsi
  cmp byte ptr [rsi], '/'
  jne 1b
  inc rsi
  mov r15, rsi              # r15: the name; r14: its length
  sub r14, rsi
  jz nowhere
  cmp r14, SPELLED - FEWEST
  ja nowhere
  # Letters, digits and -._ are the same in a URL.
  mov ecx, r14d
1:
  lodsb
  cmp al, '_'
  je 2f
  cmp al, '-'
  jb nowhere
  cmp al, '9'
  jbe 2f
  or al, 0x20
  cmp al, 'a'
  jb nowhere
  cmp al, 'z'
  ja nowhere
2:
  loop 1b

  lea rdi, [rsp+FILE]
  string rsi, HOME
  mov rcx, [r13+HOME_LENGTH]
  rep movsb
  mov rsi, [rbx+DIGITS]
  add rsi, r13
  mov ecx, SPELLED
  sub ecx, r14d
  rep movsb
  mov rdx, rdi
  string rsi, BEFORE
  mov ecx, MARK
  rep movsb
  mov rsi, r15
  mov ecx, r14d
  rep movsb
  string rsi, BEHIND
  mov ecx, ENDING
  rep movsb
  lea rsi, [rsp+FILE]
  lea rdi, [rsp+FOLDER]
  mov rcx, rdx
  sub rcx, rsi
  rep movsb
  mov byte ptr [rdi], 0

  mov eax, 2                # open
  lea rdi, [rsp+FILE]
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
  lea rdi, [rsp+FOLDER]
  mov esi, 0755
  syscall
  mov eax, 2                # open: a file without a name
  lea rdi, [rsp+FOLDER]
  mov esi, 0x490001         # O_TMPFILE|O_WRONLY|O_CLOEXEC
  mov edx, 0644
  syscall
  test eax, eax
  js nowhere
  mov r14d, eax
  mov eax, 9                # mmap: a copy with the binary's name
  xor edi, edi
  mov rsi, [rbx+LENGTH]
  mov edx, 3                # PROT_READ|PROT_WRITE
  mov r10d, 0x22            # MAP_PRIVATE|MAP_ANONYMOUS
  mov r8d, -1
  xor r9d, r9d
  syscall
  xor r15d, r15d
  test rax, rax
  js close
  mov r15, rax
  mov rdi, rax
  mov rsi, [rbx+CACHE]
  add rsi, r13
  mov rcx, [rbx+LENGTH]
  rep movsb
  # Lengths of entries stand behind their count; an entry ends with its URL, the
  # length of that, and two hashes.
  mov r8d, [r15+8]
  lea r9, [r15+12]
  lea rdx, [r9+r8*8]
1:
  sub r8d, 1
  js 2f
  add rdx, [r9]
  add r9, 8
  mov eax, [rdx-20]
  lea rdi, [rdx-20+SCHEME]
  sub rdi, rax
  add rdi, [r13+HOME_LENGTH]
  lea rsi, [rsp+FILE]
  add rsi, [r13+HOME_LENGTH]
  mov ecx, SPELLED + MARK
  rep movsb
  jmp 1b
2:
  mov eax, 1                # write
  mov edi, r14d
  mov rsi, r15
  mov rdx, [rbx+LENGTH]
  syscall
  mov r9, rax
  mov eax, 11               # munmap
  mov rdi, r15
  mov rsi, rdx
  syscall
  xor r15d, r15d
  cmp r9, rdx
  jne close
  mov eax, 265              # linkat: it appears whole
  mov edi, r14d
  lea rsi, [rip+empty]
  mov edx, -100             # AT_FDCWD
  lea r10, [rsp+FILE]
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
  lea r14, [rsp+FOLDER]
  jmp heap
nowhere:
  string r14, NOWHERE

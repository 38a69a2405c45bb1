# A container's shortcut for the command. A part of x86_64.s.

  # Service managers are not for shortcuts. rbp: the user's folder for states,
  # or 0; edx: whether he is called root.
  mov rcx, [r14]
  lea rbx, [r14+rcx*8+16]
  xor ebp, ebp
  xor edx, edx
variables:
  mov rsi, [rbx]
  add rbx, 8
  test rsi, rsi
  jz arguments
  string rdi, NOTIFY
  call begins
  je ordinary
  string rdi, ROOTS_NAME
  call same
  jne 1f
  inc edx
1:
  string rdi, RUNTIME
  call begins
  jne variables
  cmp byte ptr [rsi+rcx], 0
  je variables
  lea rbp, [rsi+rcx]
  jmp variables

  # Global options: r15 is the state's folder.
arguments:
  lea rbx, [r14+16]
  xor r15d, r15d
options:
  mov rsi, [rbx]
  test rsi, rsi
  jz ordinary
  string rdi, JSON
  call same
  je skip1
  string rdi, LOG
  call same
  je skip2
  string rdi, FORMAT
  call same
  je skip2
  string rdi, ROOT
  call same
  jne command
  mov r15, [rbx+8]
  test r15, r15
  jz ordinary
  cmp byte ptr [r15], '/'
  jne ordinary
skip2:
  cmp qword ptr [rbx+8], 0
  je ordinary
  add rbx, 8
skip1:
  add rbx, 8
  jmp options

  # start ID, delete [--force] ID, kill [--all] ID SIGNAL; r8: the file
command:
  xor r10d, r10d            # whether --force was given
  string r8, START
  mov rdi, r8
  call same
  je arg
  string r8, DELETE
  mov rdi, r8
  call same
  je deleting
  string rdi, KILL
  call same
  jne ordinary
  string r8, SIGNALS
  mov rsi, [rbx+8]
  test rsi, rsi
  jz ordinary
  string rdi, ALL
  call same
  jne 1f
  string r8, FOR_ALL
  add rbx, 8
1:
  add rbx, 8
  cmp qword ptr [rbx], 0
  je ordinary
  mov rsi, [rbx+8]
  test rsi, rsi
  jz ordinary
  cmp qword ptr [rbx+16], 0
  jne ordinary
signals:
  mov rdi, r8
  cmp byte ptr [rdi], 0     # the end of the list
  je ordinary
  call same
  pushf
1:
  inc r8                    # to the file
  cmp byte ptr [r8-1], 0
  jne 1b
  popf
  je user
1:
  inc r8                    # to the next name
  cmp byte ptr [r8-1], 0
  jne 1b
  jmp signals
deleting:
  mov rsi, [rbx+8]
  test rsi, rsi
  jz ordinary
  string rdi, FORCE
  call same
  jne arg
  inc r10d
  add rbx, 8
arg:
  add rbx, 8
  cmp qword ptr [rbx], 0
  je ordinary
  cmp qword ptr [rbx+8], 0
  jne ordinary
user:
  mov eax, 107              # geteuid
  syscall
  mov r9d, eax
  test r15, r15
  jnz known
  test rbp, rbp
  jnz 1f
  test eax, eax
  jnz ordinary
  jmp shared
1:
  test eax, eax
  jnz own
  # Root of a user's namespace has the user's state, unless he is called root.
  test edx, edx
  jnz shared
  sub rsp, 256
  mov eax, 4                # stat
  string rdi, NAMESPACE
  mov rsi, rsp
  syscall
  mov rcx, [rsp+8]          # st_ino
  add rsp, 256
  test eax, eax
  jnz ordinary
  mov eax, 0xeffffffd       # the host's: USER_NS_INIT_INO
  cmp rcx, rax
  je shared
own:
  mov r15, rbp
  mov edx, 1                # OWN is yet to follow
  jmp path
shared:
  string r15, RUN

  # ROOT/ID; an ID begins with a letter, a digit or _ here, and has no slash.
known:
  xor edx, edx
path:
  sub rsp, 16384
  mov rdi, rsp
  mov rsi, r15
  mov ecx, 4000
1:
  lodsb
  stosb
  test al, al
  loopne 1b
  jnz ordinary
  test edx, edx
  jz 2f
  mov byte ptr [rdi-1], '/'
  string rsi, OWN
  call copy
2:
  mov byte ptr [rdi-1], '/'
  mov rsi, [rbx]
  mov al, [rsi]
  cmp al, '0'
  jb ordinary
  mov ecx, 256
1:
  lodsb
  stosb
  cmp al, '/'
  je ordinary
  test al, al
  loopne 1b
  jnz ordinary
  lea rbp, [rdi-1]          # the end of ROOT/ID

  # ROOT/ID/COMMAND: a file of the caller's, which nobody else may write to
  mov byte ptr [rbp], '/'
  mov rsi, r8
  call copy
  mov eax, 6                # lstat
  mov rdi, rsp
  lea rsi, [rsp+8192]
  syscall
  test eax, eax
  jnz absent
  cmp [rsp+8192+28], r9d    # st_uid
  jne ordinary
  mov eax, [rsp+8192+24]    # st_mode
  and eax, 0170022
  cmp eax, 0100000
  jne ordinary
  # Whoever ignores SIGCHLD is not told how his children end.
  lea rdi, [rsp+8192]
  mov rsi, rdi
  xor eax, eax
  mov ecx, 4
  rep stosq
  mov edi, 17               # SIGCHLD
  xor edx, edx
  mov r10d, 8
  mov eax, 13               # rt_sigaction: as it is by default
  syscall
  mov qword ptr [rsp+8192], rsp
  mov qword ptr [rsp+8200], 0
  mov eax, 58               # vfork
  syscall
  test eax, eax
  js ordinary
  jnz parent
  mov eax, 59               # execve, with no environment
  mov rdi, rsp
  lea rsi, [rsp+8192]
  lea rdx, [rsp+8200]
  syscall
  mov edi, 1
  jmp exit
parent:
  mov edi, eax
1:
  mov eax, 61               # wait4
  lea rsi, [rsp+8192]
  xor edx, edx
  xor r10d, r10d
  syscall
  cmp eax, -4               # EINTR
  je 1b
  test eax, eax
  js ordinary
  cmp dword ptr [rsp+8192], 0
  jne ordinary
  xor edi, edi
exit:
  mov eax, 231              # exit_group
  syscall

  # delete --force of what is not there: neither the container's folder nor its
  # mapping, whole or unfinished
absent:
  test r10d, r10d
  jz ordinary
  mov byte ptr [rbp], 0
  call missing
  mov rdi, rbp              # back to behind the slash before ID
1:
  dec rdi
  cmp byte ptr [rdi], '/'
  jne 1b
  inc rdi
  string rsi, MAPPING
  call copy
  lea r15, [rdi-1]          # behind "containers-mapping/"
  mov rdi, r15
  mov rsi, [rbx]
  call copy
  call missing
  mov byte ptr [r15], '~'
  lea rdi, [r15+1]
  mov rsi, [rbx]
  call copy
  call missing
  xor edi, edi
  jmp exit

  # Comes back only where lstat says that there is nothing at the path.
missing:
  mov eax, 6                # lstat
  lea rdi, [rsp+8]
  lea rsi, [rsp+8192+8]
  syscall
  cmp eax, -2               # ENOENT
  jne ordinary
  ret

  # Copies the string rsi to rdi, with its zero; rdi: behind that.
copy:
  lodsb
  stosb
  test al, al
  jnz copy
  ret

  # Whether the string rsi is the string rdi. Keeps both.
same:
  xor ecx, ecx
1:
  mov al, [rsi+rcx]
  cmp al, [rdi+rcx]
  jne 2f
  inc rcx
  test al, al
  jnz 1b
2:
  ret

  # Whether it begins with it; rcx: the length of rdi.
begins:
  xor ecx, ecx
1:
  mov al, [rdi+rcx]
  test al, al
  jz 2f
  cmp al, [rsi+rcx]
  jne 2f
  inc rcx
  jmp 1b
2:
  ret

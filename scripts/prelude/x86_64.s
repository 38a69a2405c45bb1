# The prelude of the compiled binary for x86_64: runs before Deno's own first
# instruction. Where a container has a shortcut for the command, that runs and
# Deno does not; else it says in TMPDIR where Deno finds the code cache (see
# ../prelude.ts). scripts/assemble.ts turns this file into x86_64.ts.
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

  # Deno calls these in place of libc's functions.
  #
  # V8 allocates its heap in pages of 256 KB: it maps 508 KB, unmaps what is
  # around the aligned page, and says of it that children need no copy and that
  # it may be dumped. Of the first ones, which are read-only, it needs little, of
  # all others nearly everything: they come one behind the other from an arena
  # of huge pages, which was made for them, with their memory.
  .balign 8
  jmp mmap
  .balign 8
  jmp munmap
  .balign 8
  jmp madvise

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

begin:
  mov r12, rdx
  lea r13, [rip+table]
  mov r14, rsp
  cld

  # Deno ends with a panic where an argument is not UTF-8. Here it is checked as
  # the Unicode Standard's table 3-7 says: no overlong forms, no surrogates.
  lea rbx, [r14+8]
argument:
  mov rsi, [rbx]
  add rbx, 8
  test rsi, rsi
  jz utf8
character:
  lodsb
  test al, al
  jz argument
  jns character
  mov edx, 0xbf80           # the range of the second byte: dl to dh
  mov ecx, 1                # how many bytes follow
  cmp al, 0xc2
  jb malformed
  cmp al, 0xe0
  jb following
  lea ecx, [rcx+1]         # which keeps the flags
  jne 1f
  mov dl, 0xa0
1:
  cmp al, 0xed
  jne 1f
  mov dh, 0x9f
1:
  cmp al, 0xf0
  jb following
  lea ecx, [rcx+1]
  jne 1f
  mov dl, 0x90
1:
  cmp al, 0xf4
  ja malformed
  jne following
  mov dh, 0x8f
following:
  lodsb
  cmp al, dl
  jb malformed
  cmp al, dh
  ja malformed
  mov edx, 0xbf80
  dec ecx
  jnz following
  jmp character
malformed:
  string rsi, NOT_UTF8
  mov ebx, 1
  jmp refuse
utf8:

  # It drops a first argument that is its own path, and goes on with the next.
  sub rsp, 4096
  mov eax, 89               # readlink
  string rdi, SELF
  mov rsi, rsp
  mov edx, 4095
  syscall
  mov rsi, [r14+16]
  test rsi, rsi
  jz another
  test eax, eax
  js another
  mov byte ptr [rsp+rax], 0
  mov rdi, rsp
  call same
  jne another
  string rsi, ITSELF
  mov ebx, 3
  # Ends with the status ebx and the line rsi on stderr.
refuse:
  mov rdi, rsi
  xor eax, eax
  mov rcx, -1
  repne scasb
  not rcx
  lea rdx, [rcx-1]
  mov edi, 2
  mov eax, 1                # write
  syscall
  mov edi, ebx
  jmp exit
another:
  mov rsp, r14

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
1:
  lodsb
  stosb
  test al, al
  jnz 1b
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
1:
  lodsb
  stosb
  test al, al
  jnz 1b
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
1:
  lodsb
  stosb
  test al, al
  jnz 1b
  lea r15, [rdi-1]          # behind "containers-mapping/"
  mov rdi, r15
  mov rsi, [rbx]
1:
  lodsb
  stosb
  test al, al
  jnz 1b
  call missing
  mov byte ptr [r15], '~'
  lea rdi, [r15+1]
  mov rsi, [rbx]
1:
  lodsb
  stosb
  test al, al
  jnz 1b
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

ordinary:
  mov rsp, r14

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
empty:
  .byte 0
  .balign 8
table:

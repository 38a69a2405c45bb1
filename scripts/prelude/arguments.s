# Arguments that Deno does not live through. A part of x86_64.s.

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

# The executor for x86_64: runs the instructions that ../program.ts lays out.
# scripts/assemble.ts turns this file into x86_64.ts.
#
# rbx: the instructions   r12: the current one   r13: the registers
# r14: why this is a system call and what it answered (scratch)
.intel_syntax noprefix
.globl _start
_start:
  mov ebx, 0x10000000
  mov r13d, 0x800000
  mov r12, rbx
step:
  movzx r14d, word ptr [r12+6]
  mov rdi, [r12+16]
  test r14b, 1
  jz 1f
  mov rdi, [r13+rdi*8]
1: mov rsi, [r12+24]
  test r14b, 2
  jz 1f
  mov rsi, [r13+rsi*8]
1: mov rdx, [r12+32]
  test r14b, 4
  jz 1f
  mov rdx, [r13+rdx*8]
1: mov r10, [r12+40]
  test r14b, 8
  jz 1f
  mov r10, [r13+r10*8]
1: mov r8, [r12+48]
  test r14b, 16
  jz 1f
  mov r8, [r13+r8*8]
1: mov r9, [r12+56]
  test r14b, 32
  jz 1f
  mov r9, [r13+r9*8]
1: movzx eax, word ptr [r12]
  cmp eax, 0xff00
  jae operation
  syscall
  cmp rax, -4096
  ja failed
store:
  movzx ecx, word ptr [r12+2]
  mov [r13+rcx*8], rax
  test rax, rax
  jnz next
  mov ecx, [r12+12]
  test ecx, ecx
  jnz go
next:
  add r12, 64
  jmp step
taken:
  mov ecx, [r12+12]
go:
  shl rcx, 6
  lea r12, [rbx+rcx]
  jmp step
failed:
  movzx ecx, word ptr [r12+2]
  mov [r13+rcx*8], rax
  neg eax
  movzx edx, word ptr [r12+4]
  mov ecx, [r12+8]
  cmp edx, 0xffff
  je go
  cmp edx, eax
  je go
  mov rsi, r12
  sub rsi, rbx
  shr rsi, 6
report:
  mov ecx, [r13+16]
  test ecx, ecx
  cmovnz esi, ecx
  sub rsp, 16
  mov [rsp], esi
  mov [rsp+4], eax
  mov qword ptr [rsp+8], 0
  mov rdi, [r13+8]
  mov rsi, rsp
  mov edx, 16
  mov eax, 1
  syscall
  mov edi, 1
  mov eax, 231
  syscall
operation:
  and eax, 15
  cmp eax, 1
  jb set
  je both
  cmp eax, 3
  jb load1
  je load2
  cmp eax, 5
  jb load4
  je load8
  cmp eax, 7
  jb store4
  je store8
  cmp eax, 9
  jb equal
  je unequal
  cmp eax, 11
  jb below
  je fail
  cmp eax, 13
  jb goto
  lea rax, [rdi+rsi]
  jmp store
below:
  cmp rdi, rsi
  jb taken
  jmp next
equal:
  cmp rdi, rsi
  je taken
  jmp next
unequal:
  cmp rdi, rsi
  jne taken
  jmp next
fail:
  mov eax, edi
  neg eax
  jmp report
goto:
  mov ecx, edi
  jmp go
set:
  mov rax, rdi
  jmp store
both:
  mov rax, rdi
  and rax, rsi
  jmp store
load1:
  movzx eax, byte ptr [rdi+rsi]
  jmp store
load2:
  movzx eax, word ptr [rdi+rsi]
  jmp store
load4:
  mov eax, [rdi+rsi]
  jmp store
load8:
  mov rax, [rdi+rsi]
  jmp store
store4:
  mov [rdi], esi
  jmp next
store8:
  mov [rdi], rsi
  jmp next

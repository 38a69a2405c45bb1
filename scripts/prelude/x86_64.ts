/** The prelude for x86_64; made from x86_64.s by scripts/assemble.ts. */
export const CODE = //
  "4989d4          " + // mov r12,rdx
  "4c8d2d36010000  " + // lea r13,[rip+0x136] # 0x140
  "4881ec00100000  " + // sub rsp,0x1000
  "b859000000      " + // mov eax,0x59
  "498b7d50        " + // mov rdi,QWORD PTR [r13+0x50]
  "4c01ef          " + // add rdi,r13
  "4889e6          " + // mov rsi,rsp
  "ba00100000      " + // mov edx,0x1000
  "0f05            " + // syscall
  "498b4d38        " + // mov rcx,QWORD PTR [r13+0x38]
  "4829c8          " + // sub rax,rcx
  "780e            " + // js 0x3e
  "488d3404        " + // lea rsi,[rsp+rax*1]
  "498b7d30        " + // mov rdi,QWORD PTR [r13+0x30]
  "4c01ef          " + // add rdi,r13
  "fc              " + // cld
  "f3a6            " + // repz cmps BYTE PTR ds:[rsi],BYTE PTR es:[rdi]
  "488da42400100000" + // lea rsp,[rsp+0x1000]
  "0f85ca000000    " + // jne 0x116
  "b802000000      " + // mov eax,0x2
  "498b7d28        " + // mov rdi,QWORD PTR [r13+0x28]
  "4c01ef          " + // add rdi,r13
  "be00000800      " + // mov esi,0x80000
  "0f05            " + // syscall
  "85c0            " + // test eax,eax
  "780e            " + // js 0x71
  "89c7            " + // mov edi,eax
  "b803000000      " + // mov eax,0x3
  "0f05            " + // syscall
  "e99f000000      " + // jmp 0x110
  "b86b000000      " + // mov eax,0x6b
  "0f05            " + // syscall
  "85c0            " + // test eax,eax
  "0f8596000000    " + // jne 0x116
  "b853000000      " + // mov eax,0x53
  "498b7d20        " + // mov rdi,QWORD PTR [r13+0x20]
  "4c01ef          " + // add rdi,r13
  "beed010000      " + // mov esi,0x1ed
  "0f05            " + // syscall
  "b802000000      " + // mov eax,0x2
  "498b7d20        " + // mov rdi,QWORD PTR [r13+0x20]
  "4c01ef          " + // add rdi,r13
  "be01004900      " + // mov esi,0x490001
  "baa4010000      " + // mov edx,0x1a4
  "0f05            " + // syscall
  "85c0            " + // test eax,eax
  "7867            " + // js 0x116
  "4189c6          " + // mov r14d,eax
  "89c7            " + // mov edi,eax
  "b801000000      " + // mov eax,0x1
  "498b7510        " + // mov rsi,QWORD PTR [r13+0x10]
  "4c01ee          " + // add rsi,r13
  "498b5518        " + // mov rdx,QWORD PTR [r13+0x18]
  "0f05            " + // syscall
  "4531ff          " + // xor r15d,r15d
  "493b4518        " + // cmp rax,QWORD PTR [r13+0x18]
  "7532            " + // jne 0x101
  "b809010000      " + // mov eax,0x109
  "4489f7          " + // mov edi,r14d
  "488d3560000000  " + // lea rsi,[rip+0x60] # 0x13e
  "ba9cffffff      " + // mov edx,0xffffff9c
  "4d8b5528        " + // mov r10,QWORD PTR [r13+0x28]
  "4d01ea          " + // add r10,r13
  "41b800100000    " + // mov r8d,0x1000
  "0f05            " + // syscall
  "83f8ef          " + // cmp eax,0xffffffef
  "410f94c7        " + // sete r15b
  "85c0            " + // test eax,eax
  "0f94c0          " + // sete al
  "4108c7          " + // or r15b,al
  "b803000000      " + // mov eax,0x3
  "4489f7          " + // mov edi,r14d
  "0f05            " + // syscall
  "4584ff          " + // test r15b,r15b
  "7406            " + // je 0x116
  "498b7520        " + // mov rsi,QWORD PTR [r13+0x20]
  "eb04            " + // jmp 0x11a
  "498b7540        " + // mov rsi,QWORD PTR [r13+0x40]
  "4c01ee          " + // add rsi,r13
  "498b7d48        " + // mov rdi,QWORD PTR [r13+0x48]
  "4c01ef          " + // add rdi,r13
  "ba01000000      " + // mov edx,0x1
  "498b4508        " + // mov rax,QWORD PTR [r13+0x8]
  "41ff540500      " + // call QWORD PTR [r13+rax*1+0x0]
  "4c89e2          " + // mov rdx,r12
  "498b4500        " + // mov rax,QWORD PTR [r13+0x0]
  "4c01e8          " + // add rax,r13
  "ffe0            " + // jmp rax
  "00              " + // .byte 0x0
  "90              " + // nop
  "";

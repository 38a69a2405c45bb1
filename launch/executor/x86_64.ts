/** The executor for x86_64; made from x86_64.s by scripts/assemble.ts. */
export const CODE = //
  "bb00000010      " + // mov ebx,0x10000000
  "41bd00008000    " + // mov r13d,0x800000
  "4989dc          " + // mov r12,rbx
  "450fb7742406    " + // movzx r14d,WORD PTR [r12+0x6]
  "498b7c2410      " + // mov rdi,QWORD PTR [r12+0x10]
  "41f6c601        " + // test r14b,0x1
  "7405            " + // je 0x24
  "498b7cfd00      " + // mov rdi,QWORD PTR [r13+rdi*8+0x0]
  "498b742418      " + // mov rsi,QWORD PTR [r12+0x18]
  "41f6c602        " + // test r14b,0x2
  "7405            " + // je 0x34
  "498b74f500      " + // mov rsi,QWORD PTR [r13+rsi*8+0x0]
  "498b542420      " + // mov rdx,QWORD PTR [r12+0x20]
  "41f6c604        " + // test r14b,0x4
  "7405            " + // je 0x44
  "498b54d500      " + // mov rdx,QWORD PTR [r13+rdx*8+0x0]
  "4d8b542428      " + // mov r10,QWORD PTR [r12+0x28]
  "41f6c608        " + // test r14b,0x8
  "7405            " + // je 0x54
  "4f8b54d500      " + // mov r10,QWORD PTR [r13+r10*8+0x0]
  "4d8b442430      " + // mov r8,QWORD PTR [r12+0x30]
  "41f6c610        " + // test r14b,0x10
  "7405            " + // je 0x64
  "4f8b44c500      " + // mov r8,QWORD PTR [r13+r8*8+0x0]
  "4d8b4c2438      " + // mov r9,QWORD PTR [r12+0x38]
  "41f6c620        " + // test r14b,0x20
  "7405            " + // je 0x74
  "4f8b4ccd00      " + // mov r9,QWORD PTR [r13+r9*8+0x0]
  "410fb70424      " + // movzx eax,WORD PTR [r12]
  "3d00ff0000      " + // cmp eax,0xff00
  "0f83a8000000    " + // jae 0x12c
  "0f05            " + // syscall
  "483d00f0ffff    " + // cmp rax,0xfffffffffffff000
  "7734            " + // ja 0xc2
  "410fb74c2402    " + // movzx ecx,WORD PTR [r12+0x2]
  "498944cd00      " + // mov QWORD PTR [r13+rcx*8+0x0],rax
  "4885c0          " + // test rax,rax
  "7509            " + // jne 0xa7
  "418b4c240c      " + // mov ecx,DWORD PTR [r12+0xc]
  "85c9            " + // test ecx,ecx
  "750e            " + // jne 0xb5
  "4983c440        " + // add r12,0x40
  "e95effffff      " + // jmp 0xe
  "418b4c240c      " + // mov ecx,DWORD PTR [r12+0xc]
  "48c1e106        " + // shl rcx,0x6
  "4c8d240b        " + // lea r12,[rbx+rcx*1]
  "e94cffffff      " + // jmp 0xe
  "410fb74c2402    " + // movzx ecx,WORD PTR [r12+0x2]
  "498944cd00      " + // mov QWORD PTR [r13+rcx*8+0x0],rax
  "f7d8            " + // neg eax
  "410fb7542404    " + // movzx edx,WORD PTR [r12+0x4]
  "418b4c2408      " + // mov ecx,DWORD PTR [r12+0x8]
  "81faffff0000    " + // cmp edx,0xffff
  "74d3            " + // je 0xb5
  "39c2            " + // cmp edx,eax
  "74cf            " + // je 0xb5
  "4c89e6          " + // mov rsi,r12
  "4829de          " + // sub rsi,rbx
  "48c1ee06        " + // shr rsi,0x6
  "418b4d10        " + // mov ecx,DWORD PTR [r13+0x10]
  "85c9            " + // test ecx,ecx
  "0f45f1          " + // cmovne esi,ecx
  "4883ec10        " + // sub rsp,0x10
  "893424          " + // mov DWORD PTR [rsp],esi
  "89442404        " + // mov DWORD PTR [rsp+0x4],eax
  "48c744240800000000" + // mov QWORD PTR [rsp+0x8],0x0
  "498b7d08        " + // mov rdi,QWORD PTR [r13+0x8]
  "4889e6          " + // mov rsi,rsp
  "ba10000000      " + // mov edx,0x10
  "b801000000      " + // mov eax,0x1
  "0f05            " + // syscall
  "bf01000000      " + // mov edi,0x1
  "b8e7000000      " + // mov eax,0xe7
  "0f05            " + // syscall
  "83e00f          " + // and eax,0xf
  "83f801          " + // cmp eax,0x1
  "0f8289000000    " + // jb 0x1c1
  "0f848b000000    " + // je 0x1c9
  "83f803          " + // cmp eax,0x3
  "0f828d000000    " + // jb 0x1d4
  "0f8490000000    " + // je 0x1dd
  "83f805          " + // cmp eax,0x5
  "0f8290000000    " + // jb 0x1e6
  "0f8492000000    " + // je 0x1ee
  "83f807          " + // cmp eax,0x7
  "0f8292000000    " + // jb 0x1f7
  "0f8493000000    " + // je 0x1fe
  "83f809          " + // cmp eax,0x9
  "7225            " + // jb 0x195
  "7431            " + // je 0x1a3
  "83f80b          " + // cmp eax,0xb
  "7210            " + // jb 0x187
  "7438            " + // je 0x1b1
  "83f80d          " + // cmp eax,0xd
  "723c            " + // jb 0x1ba
  "488d0437        " + // lea rax,[rdi+rsi*1]
  "e907ffffff      " + // jmp 0x8e
  "4839f7          " + // cmp rdi,rsi
  "0f8220ffffff    " + // jb 0xb0
  "e912ffffff      " + // jmp 0xa7
  "4839f7          " + // cmp rdi,rsi
  "0f8412ffffff    " + // je 0xb0
  "e904ffffff      " + // jmp 0xa7
  "4839f7          " + // cmp rdi,rsi
  "0f8504ffffff    " + // jne 0xb0
  "e9f6feffff      " + // jmp 0xa7
  "89f8            " + // mov eax,edi
  "f7d8            " + // neg eax
  "e936ffffff      " + // jmp 0xf0
  "89f9            " + // mov ecx,edi
  "e9f4feffff      " + // jmp 0xb5
  "4889f8          " + // mov rax,rdi
  "e9c5feffff      " + // jmp 0x8e
  "4889f8          " + // mov rax,rdi
  "4821f0          " + // and rax,rsi
  "e9bafeffff      " + // jmp 0x8e
  "0fb60437        " + // movzx eax,BYTE PTR [rdi+rsi*1]
  "e9b1feffff      " + // jmp 0x8e
  "0fb70437        " + // movzx eax,WORD PTR [rdi+rsi*1]
  "e9a8feffff      " + // jmp 0x8e
  "8b0437          " + // mov eax,DWORD PTR [rdi+rsi*1]
  "e9a0feffff      " + // jmp 0x8e
  "488b0437        " + // mov rax,QWORD PTR [rdi+rsi*1]
  "e997feffff      " + // jmp 0x8e
  "8937            " + // mov DWORD PTR [rdi],esi
  "e9a9feffff      " + // jmp 0xa7
  "488937          " + // mov QWORD PTR [rdi],rsi
  "e9a1feffff      " + // jmp 0xa7
  "";

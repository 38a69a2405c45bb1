/** The prelude for x86_64; made from x86_64.s by scripts/assemble.ts. */
export const CODE = //
  "e991010000      " + // jmp 0x196
  "0f1f00          " + // nop DWORD PTR [rax]
  "eb13            " + // jmp 0x1d
  "660f1f440000    " + // nop WORD PTR [rax+rax*1+0x0]
  "e983000000      " + // jmp 0x98
  "0f1f00          " + // nop DWORD PTR [rax]
  "e99b000000      " + // jmp 0xb8
  "4881fe00f00700  " + // cmp rsi,0x7f000
  "754a            " + // jne 0x70
  "83fa03          " + // cmp edx,0x3
  "7545            " + // jne 0x70
  "83f922          " + // cmp ecx,0x22
  "7540            " + // jne 0x70
  "4c8d15690b0000  " + // lea r10,[rip+0xb69] # 0xba0
  "4d0392f0000000  " + // add r10,QWORD PTR [r10+0xf0]
  "f041ff02        " + // lock inc DWORD PTR [r10]
  "41833a08        " + // cmp DWORD PTR [r10],0x8
  "7628            " + // jbe 0x70
  "b800000400      " + // mov eax,0x40000
  "f0490fc14208    " + // lock xadd QWORD PTR [r10+0x8],rax
  "493b4210        " + // cmp rax,QWORD PTR [r10+0x10]
  "7317            " + // jae 0x70
  "50              " + // push rax
  "4889c7          " + // mov rdi,rax
  "be00000400      " + // mov esi,0x40000
  "ba17000000      " + // mov edx,0x17
  "b81c000000      " + // mov eax,0x1c
  "0f05            " + // syscall
  "58              " + // pop rax
  "c3              " + // ret
  "4151            " + // push r9
  "4589c1          " + // mov r9d,r8d
  "4189c8          " + // mov r8d,ecx
  "89d1            " + // mov ecx,edx
  "4889f2          " + // mov rdx,rsi
  "4889fe          " + // mov rsi,rdi
  "bf09000000      " + // mov edi,0x9
  "488d05140b0000  " + // lea rax,[rip+0xb14] # 0xba0
  "480380e8000000  " + // add rax,QWORD PTR [rax+0xe8]
  "ff10            " + // call QWORD PTR [rax]
  "4159            " + // pop r9
  "c3              " + // ret
  "4881fe00f00300  " + // cmp rsi,0x3f000
  "7507            " + // jne 0xa8
  "e870000000      " + // call 0x116
  "730d            " + // jae 0xb5
  "4889f2          " + // mov rdx,rsi
  "4889fe          " + // mov rsi,rdi
  "bf0b000000      " + // mov edi,0xb
  "eb51            " + // jmp 0x106
  "31c0            " + // xor eax,eax
  "c3              " + // ret
  "83fa0a          " + // cmp edx,0xa
  "7405            " + // je 0xc2
  "83fa11          " + // cmp edx,0x11
  "7537            " + // jne 0xf9
  "e84f000000      " + // call 0x116
  "73ec            " + // jae 0xb5
  "83fa11          " + // cmp edx,0x11
  "752b            " + // jne 0xf9
  "4881fe00000400  " + // cmp rsi,0x40000
  "7722            " + // ja 0xf9
  "488d05c20a0000  " + // lea rax,[rip+0xac2] # 0xba0
  "480380f0000000  " + // add rax,QWORD PTR [rax+0xf0]
  "833808          " + // cmp DWORD PTR [rax],0x8
  "760f            " + // jbe 0xf9
  "ba17000000      " + // mov edx,0x17
  "b81c000000      " + // mov eax,0x1c
  "0f05            " + // syscall
  "31c0            " + // xor eax,eax
  "c3              " + // ret
  "89d1            " + // mov ecx,edx
  "4889f2          " + // mov rdx,rsi
  "4889fe          " + // mov rsi,rdi
  "bf1c000000      " + // mov edi,0x1c
  "488d05930a0000  " + // lea rax,[rip+0xa93] # 0xba0
  "480380e8000000  " + // add rax,QWORD PTR [rax+0xe8]
  "ff20            " + // jmp QWORD PTR [rax]
  "4c8d15830a0000  " + // lea r10,[rip+0xa83] # 0xba0
  "4d0392f0000000  " + // add r10,QWORD PTR [r10+0xf0]
  "498b4210        " + // mov rax,QWORD PTR [r10+0x10]
  "48ffc8          " + // dec rax
  "4829f8          " + // sub rax,rdi
  "483d00008000    " + // cmp rax,0x800000
  "f5              " + // cmc
  "c3              " + // ret
  "488dbb00002000  " + // lea rdi,[rbx+0x200000]
  "be00002000      " + // mov esi,0x200000
  "498b8df0000000  " + // mov rcx,QWORD PTR [r13+0xf0]
  "4c01e9          " + // add rcx,r13
  "448b4118        " + // mov r8d,DWORD PTR [rcx+0x18]
  "4c8b4910        " + // mov r9,QWORD PTR [rcx+0x10]
  "4981e900008000  " + // sub r9,0x800000
  "f0800f00        " + // lock or BYTE PTR [rdi],0x0
  "ba17000000      " + // mov edx,0x17
  "b81c000000      " + // mov eax,0x1c
  "0f05            " + // syscall
  "4c89cf          " + // mov rdi,r9
  "4981c100002000  " + // add r9,0x200000
  "41ffc8          " + // dec r8d
  "79e1            " + // jns 0x15b
  "31ff            " + // xor edi,edi
  "b83c000000      " + // mov eax,0x3c
  "0f05            " + // syscall
  "4183ff10        " + // cmp r15d,0x10
  "720c            " + // jb 0x195
  "ba0e000000      " + // mov edx,0xe
  "b81c000000      " + // mov eax,0x1c
  "0f05            " + // syscall
  "c3              " + // ret
  "4989d4          " + // mov r12,rdx
  "4c8d2d000a0000  " + // lea r13,[rip+0xa00] # 0xba0
  "4989e6          " + // mov r14,rsp
  "fc              " + // cld
  "498d5e08        " + // lea rbx,[r14+0x8]
  "488b33          " + // mov rsi,QWORD PTR [rbx]
  "4883c308        " + // add rbx,0x8
  "4885f6          " + // test rsi,rsi
  "745e            " + // je 0x212
  "ac              " + // lods al,BYTE PTR ds:[rsi]
  "84c0            " + // test al,al
  "74ef            " + // je 0x1a8
  "79f9            " + // jns 0x1b4
  "ba80bf0000      " + // mov edx,0xbf80
  "b901000000      " + // mov ecx,0x1
  "3cc2            " + // cmp al,0xc2
  "7238            " + // jb 0x201
  "3ce0            " + // cmp al,0xe0
  "7220            " + // jb 0x1ed
  "8d4901          " + // lea ecx,[rcx+0x1]
  "7502            " + // jne 0x1d4
  "b2a0            " + // mov dl,0xa0
  "3ced            " + // cmp al,0xed
  "7502            " + // jne 0x1da
  "b69f            " + // mov dh,0x9f
  "3cf0            " + // cmp al,0xf0
  "720f            " + // jb 0x1ed
  "8d4901          " + // lea ecx,[rcx+0x1]
  "7502            " + // jne 0x1e5
  "b290            " + // mov dl,0x90
  "3cf4            " + // cmp al,0xf4
  "7718            " + // ja 0x201
  "7502            " + // jne 0x1ed
  "b68f            " + // mov dh,0x8f
  "ac              " + // lods al,BYTE PTR ds:[rsi]
  "38d0            " + // cmp al,dl
  "720f            " + // jb 0x201
  "38f0            " + // cmp al,dh
  "770b            " + // ja 0x201
  "ba80bf0000      " + // mov edx,0xbf80
  "ffc9            " + // dec ecx
  "75ee            " + // jne 0x1ed
  "ebb3            " + // jmp 0x1b4
  "498bb5c0000000  " + // mov rsi,QWORD PTR [r13+0xc0]
  "4c01ee          " + // add rsi,r13
  "bb01000000      " + // mov ebx,0x1
  "eb47            " + // jmp 0x259
  "4881ec00100000  " + // sub rsp,0x1000
  "b859000000      " + // mov eax,0x59
  "498b7d38        " + // mov rdi,QWORD PTR [r13+0x38]
  "4c01ef          " + // add rdi,r13
  "4889e6          " + // mov rsi,rsp
  "baff0f0000      " + // mov edx,0xfff
  "0f05            " + // syscall
  "498b7610        " + // mov rsi,QWORD PTR [r14+0x10]
  "4885f6          " + // test rsi,rsi
  "7449            " + // je 0x281
  "85c0            " + // test eax,eax
  "7845            " + // js 0x281
  "c6040400        " + // mov BYTE PTR [rsp+rax*1],0x0
  "4889e7          " + // mov rdi,rsp
  "e85d040000      " + // call 0x6a5
  "7537            " + // jne 0x281
  "498bb5c8000000  " + // mov rsi,QWORD PTR [r13+0xc8]
  "4c01ee          " + // add rsi,r13
  "bb03000000      " + // mov ebx,0x3
  "4889f7          " + // mov rdi,rsi
  "31c0            " + // xor eax,eax
  "48c7c1ffffffff  " + // mov rcx,0xffffffffffffffff
  "f2ae            " + // repnz scas al,BYTE PTR es:[rdi]
  "48f7d1          " + // not rcx
  "488d51ff        " + // lea rdx,[rcx-0x1]
  "bf02000000      " + // mov edi,0x2
  "b801000000      " + // mov eax,0x1
  "0f05            " + // syscall
  "89df            " + // mov edi,ebx
  "e9a0030000      " + // jmp 0x621
  "4c89f4          " + // mov rsp,r14
  "498b0e          " + // mov rcx,QWORD PTR [r14]
  "498d5cce10      " + // lea rbx,[r14+rcx*8+0x10]
  "31ed            " + // xor ebp,ebp
  "31d2            " + // xor edx,edx
  "488b33          " + // mov rsi,QWORD PTR [rbx]
  "4883c308        " + // add rbx,0x8
  "4885f6          " + // test rsi,rsi
  "743f            " + // je 0x2db
  "498b7d48        " + // mov rdi,QWORD PTR [r13+0x48]
  "4c01ef          " + // add rdi,r13
  "e80f040000      " + // call 0x6b7
  "0f841d040000    " + // je 0x6cb
  "498bbdd0000000  " + // mov rdi,QWORD PTR [r13+0xd0]
  "4c01ef          " + // add rdi,r13
  "e8e8030000      " + // call 0x6a5
  "7502            " + // jne 0x2c1
  "ffc2            " + // inc edx
  "498b7d50        " + // mov rdi,QWORD PTR [r13+0x50]
  "4c01ef          " + // add rdi,r13
  "e8ea030000      " + // call 0x6b7
  "75c1            " + // jne 0x290
  "803c0e00        " + // cmp BYTE PTR [rsi+rcx*1],0x0
  "74bb            " + // je 0x290
  "488d2c0e        " + // lea rbp,[rsi+rcx*1]
  "ebb5            " + // jmp 0x290
  "498d5e10        " + // lea rbx,[r14+0x10]
  "4531ff          " + // xor r15d,r15d
  "488b33          " + // mov rsi,QWORD PTR [rbx]
  "4885f6          " + // test rsi,rsi
  "0f84dd030000    " + // je 0x6cb
  "498b7d58        " + // mov rdi,QWORD PTR [r13+0x58]
  "4c01ef          " + // add rdi,r13
  "e8ab030000      " + // call 0x6a5
  "7450            " + // je 0x34c
  "498b7d60        " + // mov rdi,QWORD PTR [r13+0x60]
  "4c01ef          " + // add rdi,r13
  "e89d030000      " + // call 0x6a5
  "7433            " + // je 0x33d
  "498b7d68        " + // mov rdi,QWORD PTR [r13+0x68]
  "4c01ef          " + // add rdi,r13
  "e88f030000      " + // call 0x6a5
  "7425            " + // je 0x33d
  "498b7d70        " + // mov rdi,QWORD PTR [r13+0x70]
  "4c01ef          " + // add rdi,r13
  "e881030000      " + // call 0x6a5
  "752c            " + // jne 0x352
  "4c8b7b08        " + // mov r15,QWORD PTR [rbx+0x8]
  "4d85ff          " + // test r15,r15
  "0f8498030000    " + // je 0x6cb
  "41803f2f        " + // cmp BYTE PTR [r15],0x2f
  "0f858e030000    " + // jne 0x6cb
  "48837b0800      " + // cmp QWORD PTR [rbx+0x8],0x0
  "0f8483030000    " + // je 0x6cb
  "4883c308        " + // add rbx,0x8
  "4883c308        " + // add rbx,0x8
  "eb90            " + // jmp 0x2e2
  "4531d2          " + // xor r10d,r10d
  "4d8b4578        " + // mov r8,QWORD PTR [r13+0x78]
  "4d01e8          " + // add r8,r13
  "4c89c7          " + // mov rdi,r8
  "e841030000      " + // call 0x6a5
  "0f84d9000000    " + // je 0x443
  "4d8b8580000000  " + // mov r8,QWORD PTR [r13+0x80]
  "4d01e8          " + // add r8,r13
  "4c89c7          " + // mov rdi,r8
  "e829030000      " + // call 0x6a5
  "0f849c000000    " + // je 0x41e
  "498bbda0000000  " + // mov rdi,QWORD PTR [r13+0xa0]
  "4c01ef          " + // add rdi,r13
  "e814030000      " + // call 0x6a5
  "0f8534030000    " + // jne 0x6cb
  "4d8b85b0000000  " + // mov r8,QWORD PTR [r13+0xb0]
  "4d01e8          " + // add r8,r13
  "488b7308        " + // mov rsi,QWORD PTR [rbx+0x8]
  "4885f6          " + // test rsi,rsi
  "0f841d030000    " + // je 0x6cb
  "498bbda8000000  " + // mov rdi,QWORD PTR [r13+0xa8]
  "4c01ef          " + // add rdi,r13
  "e8e8020000      " + // call 0x6a5
  "750e            " + // jne 0x3cd
  "4d8b85b8000000  " + // mov r8,QWORD PTR [r13+0xb8]
  "4d01e8          " + // add r8,r13
  "4883c308        " + // add rbx,0x8
  "4883c308        " + // add rbx,0x8
  "48833b00        " + // cmp QWORD PTR [rbx],0x0
  "0f84f0020000    " + // je 0x6cb
  "488b7308        " + // mov rsi,QWORD PTR [rbx+0x8]
  "4885f6          " + // test rsi,rsi
  "0f84e3020000    " + // je 0x6cb
  "48837b1000      " + // cmp QWORD PTR [rbx+0x10],0x0
  "0f85d8020000    " + // jne 0x6cb
  "4c89c7          " + // mov rdi,r8
  "803f00          " + // cmp BYTE PTR [rdi],0x0
  "0f84cc020000    " + // je 0x6cb
  "e8a1020000      " + // call 0x6a5
  "9c              " + // pushf
  "49ffc0          " + // inc r8
  "418078ff00      " + // cmp BYTE PTR [r8-0x1],0x0
  "75f6            " + // jne 0x405
  "9d              " + // popf
  "744a            " + // je 0x45c
  "49ffc0          " + // inc r8
  "418078ff00      " + // cmp BYTE PTR [r8-0x1],0x0
  "75f6            " + // jne 0x412
  "ebd5            " + // jmp 0x3f3
  "488b7308        " + // mov rsi,QWORD PTR [rbx+0x8]
  "4885f6          " + // test rsi,rsi
  "0f84a0020000    " + // je 0x6cb
  "498bbd88000000  " + // mov rdi,QWORD PTR [r13+0x88]
  "4c01ef          " + // add rdi,r13
  "e86b020000      " + // call 0x6a5
  "7507            " + // jne 0x443
  "41ffc2          " + // inc r10d
  "4883c308        " + // add rbx,0x8
  "4883c308        " + // add rbx,0x8
  "48833b00        " + // cmp QWORD PTR [rbx],0x0
  "0f847a020000    " + // je 0x6cb
  "48837b0800      " + // cmp QWORD PTR [rbx+0x8],0x0
  "0f856f020000    " + // jne 0x6cb
  "b86b000000      " + // mov eax,0x6b
  "0f05            " + // syscall
  "4189c1          " + // mov r9d,eax
  "4d85ff          " + // test r15,r15
  "7564            " + // jne 0x4cf
  "4885ed          " + // test rbp,rbp
  "750a            " + // jne 0x47a
  "85c0            " + // test eax,eax
  "0f8553020000    " + // jne 0x6cb
  "eb4b            " + // jmp 0x4c5
  "85c0            " + // test eax,eax
  "753d            " + // jne 0x4bb
  "85d2            " + // test edx,edx
  "7543            " + // jne 0x4c5
  "4881ec00010000  " + // sub rsp,0x100
  "b804000000      " + // mov eax,0x4
  "498bbde0000000  " + // mov rdi,QWORD PTR [r13+0xe0]
  "4c01ef          " + // add rdi,r13
  "4889e6          " + // mov rsi,rsp
  "0f05            " + // syscall
  "488b4c2408      " + // mov rcx,QWORD PTR [rsp+0x8]
  "4881c400010000  " + // add rsp,0x100
  "85c0            " + // test eax,eax
  "0f851a020000    " + // jne 0x6cb
  "b8fdffffef      " + // mov eax,0xeffffffd
  "4839c1          " + // cmp rcx,rax
  "740a            " + // je 0x4c5
  "4989ef          " + // mov r15,rbp
  "ba01000000      " + // mov edx,0x1
  "eb0c            " + // jmp 0x4d1
  "4d8bbd90000000  " + // mov r15,QWORD PTR [r13+0x90]
  "4d01ef          " + // add r15,r13
  "31d2            " + // xor edx,edx
  "4881ec00400000  " + // sub rsp,0x4000
  "4889e7          " + // mov rdi,rsp
  "4c89fe          " + // mov rsi,r15
  "b9a00f0000      " + // mov ecx,0xfa0
  "ac              " + // lods al,BYTE PTR ds:[rsi]
  "aa              " + // stos BYTE PTR es:[rdi],al
  "84c0            " + // test al,al
  "e0fa            " + // loopne 0x4e3
  "0f85dc010000    " + // jne 0x6cb
  "85d2            " + // test edx,edx
  "7413            " + // je 0x506
  "c647ff2f        " + // mov BYTE PTR [rdi-0x1],0x2f
  "498bb5d8000000  " + // mov rsi,QWORD PTR [r13+0xd8]
  "4c01ee          " + // add rsi,r13
  "e898010000      " + // call 0x69e
  "c647ff2f        " + // mov BYTE PTR [rdi-0x1],0x2f
  "488b33          " + // mov rsi,QWORD PTR [rbx]
  "8a06            " + // mov al,BYTE PTR [rsi]
  "3c30            " + // cmp al,0x30
  "0f82b4010000    " + // jb 0x6cb
  "b900010000      " + // mov ecx,0x100
  "ac              " + // lods al,BYTE PTR ds:[rsi]
  "aa              " + // stos BYTE PTR es:[rdi],al
  "3c2f            " + // cmp al,0x2f
  "0f84a5010000    " + // je 0x6cb
  "84c0            " + // test al,al
  "e0f2            " + // loopne 0x51c
  "0f859b010000    " + // jne 0x6cb
  "488d6fff        " + // lea rbp,[rdi-0x1]
  "c645002f        " + // mov BYTE PTR [rbp+0x0],0x2f
  "4c89c6          " + // mov rsi,r8
  "e85e010000      " + // call 0x69e
  "b806000000      " + // mov eax,0x6
  "4889e7          " + // mov rdi,rsp
  "488db42400200000" + // lea rsi,[rsp+0x2000]
  "0f05            " + // syscall
  "85c0            " + // test eax,eax
  "0f85ce000000    " + // jne 0x628
  "44398c241c200000" + // cmp DWORD PTR [rsp+0x201c],r9d
  "0f8563010000    " + // jne 0x6cb
  "8b842418200000  " + // mov eax,DWORD PTR [rsp+0x2018]
  "2512f00000      " + // and eax,0xf012
  "3d00800000      " + // cmp eax,0x8000
  "0f854c010000    " + // jne 0x6cb
  "488dbc2400200000" + // lea rdi,[rsp+0x2000]
  "4889fe          " + // mov rsi,rdi
  "31c0            " + // xor eax,eax
  "b904000000      " + // mov ecx,0x4
  "f348ab          " + // rep stos QWORD PTR es:[rdi],rax
  "bf11000000      " + // mov edi,0x11
  "31d2            " + // xor edx,edx
  "41ba08000000    " + // mov r10d,0x8
  "b80d000000      " + // mov eax,0xd
  "0f05            " + // syscall
  "4889a42400200000" + // mov QWORD PTR [rsp+0x2000],rsp
  "48c784240820000000000000" + // mov QWORD PTR [rsp+0x2008],0x0
  "b83a000000      " + // mov eax,0x3a
  "0f05            " + // syscall
  "85c0            " + // test eax,eax
  "0f8800010000    " + // js 0x6cb
  "7521            " + // jne 0x5ee
  "b83b000000      " + // mov eax,0x3b
  "4889e7          " + // mov rdi,rsp
  "488db42400200000" + // lea rsi,[rsp+0x2000]
  "488d942408200000" + // lea rdx,[rsp+0x2008]
  "0f05            " + // syscall
  "bf01000000      " + // mov edi,0x1
  "eb33            " + // jmp 0x621
  "89c7            " + // mov edi,eax
  "b83d000000      " + // mov eax,0x3d
  "488db42400200000" + // lea rsi,[rsp+0x2000]
  "31d2            " + // xor edx,edx
  "4531d2          " + // xor r10d,r10d
  "0f05            " + // syscall
  "83f8fc          " + // cmp eax,0xfffffffc
  "74e7            " + // je 0x5f0
  "85c0            " + // test eax,eax
  "0f88ba000000    " + // js 0x6cb
  "83bc240020000000" + // cmp DWORD PTR [rsp+0x2000],0x0
  "0f85ac000000    " + // jne 0x6cb
  "31ff            " + // xor edi,edi
  "b8e7000000      " + // mov eax,0xe7
  "0f05            " + // syscall
  "4585d2          " + // test r10d,r10d
  "0f849a000000    " + // je 0x6cb
  "c6450000        " + // mov BYTE PTR [rbp+0x0],0x0
  "e84a000000      " + // call 0x684
  "4889ef          " + // mov rdi,rbp
  "48ffcf          " + // dec rdi
  "803f2f          " + // cmp BYTE PTR [rdi],0x2f
  "75f8            " + // jne 0x63d
  "48ffc7          " + // inc rdi
  "498bb598000000  " + // mov rsi,QWORD PTR [r13+0x98]
  "4c01ee          " + // add rsi,r13
  "e847000000      " + // call 0x69e
  "4c8d7fff        " + // lea r15,[rdi-0x1]
  "4c89ff          " + // mov rdi,r15
  "488b33          " + // mov rsi,QWORD PTR [rbx]
  "e838000000      " + // call 0x69e
  "e819000000      " + // call 0x684
  "41c6077e        " + // mov BYTE PTR [r15],0x7e
  "498d7f01        " + // lea rdi,[r15+0x1]
  "488b33          " + // mov rsi,QWORD PTR [rbx]
  "e823000000      " + // call 0x69e
  "e804000000      " + // call 0x684
  "31ff            " + // xor edi,edi
  "eb9d            " + // jmp 0x621
  "b806000000      " + // mov eax,0x6
  "488d7c2408      " + // lea rdi,[rsp+0x8]
  "488db42408200000" + // lea rsi,[rsp+0x2008]
  "0f05            " + // syscall
  "83f8fe          " + // cmp eax,0xfffffffe
  "752e            " + // jne 0x6cb
  "c3              " + // ret
  "ac              " + // lods al,BYTE PTR ds:[rsi]
  "aa              " + // stos BYTE PTR es:[rdi],al
  "84c0            " + // test al,al
  "75fa            " + // jne 0x69e
  "c3              " + // ret
  "31c9            " + // xor ecx,ecx
  "8a040e          " + // mov al,BYTE PTR [rsi+rcx*1]
  "3a040f          " + // cmp al,BYTE PTR [rdi+rcx*1]
  "7507            " + // jne 0x6b6
  "48ffc1          " + // inc rcx
  "84c0            " + // test al,al
  "75f1            " + // jne 0x6a7
  "c3              " + // ret
  "31c9            " + // xor ecx,ecx
  "8a040f          " + // mov al,BYTE PTR [rdi+rcx*1]
  "84c0            " + // test al,al
  "740a            " + // je 0x6ca
  "3a040e          " + // cmp al,BYTE PTR [rsi+rcx*1]
  "7505            " + // jne 0x6ca
  "48ffc1          " + // inc rcx
  "ebef            " + // jmp 0x6b9
  "c3              " + // ret
  "4c89f4          " + // mov rsp,r14
  "498d5e10        " + // lea rbx,[r14+0x10]
  "488b33          " + // mov rsi,QWORD PTR [rbx]
  "4883c308        " + // add rbx,0x8
  "498dad18010000  " + // lea rbp,[r13+0x118]
  "4885f6          " + // test rsi,rsi
  "7429            " + // je 0x70e
  "488b7d00        " + // mov rdi,QWORD PTR [rbp+0x0]
  "4885ff          " + // test rdi,rdi
  "74e4            " + // je 0x6d2
  "4c01ef          " + // add rdi,r13
  "803f00          " + // cmp BYTE PTR [rdi],0x0
  "7412            " + // je 0x708
  "e8aaffffff      " + // call 0x6a5
  "7411            " + // je 0x70e
  "48ffc7          " + // inc rdi
  "807fff00        " + // cmp BYTE PTR [rdi-0x1],0x0
  "75f7            " + // jne 0x6fd
  "ebe9            " + // jmp 0x6f1
  "4883c520        " + // add rbp,0x20
  "ebd7            " + // jmp 0x6e5
  "4889eb          " + // mov rbx,rbp
  "4889e5          " + // mov rbp,rsp
  "4881ec00300000  " + // sub rsp,0x3000
  "b859000000      " + // mov eax,0x59
  "498b7d38        " + // mov rdi,QWORD PTR [r13+0x38]
  "4c01ef          " + // add rdi,r13
  "4889e6          " + // mov rsi,rsp
  "ba00100000      " + // mov edx,0x1000
  "0f05            " + // syscall
  "3d00100000      " + // cmp eax,0x1000
  "0f8327020000    " + // jae 0x963
  "803c242f        " + // cmp BYTE PTR [rsp],0x2f
  "0f851d020000    " + // jne 0x963
  "488d3404        " + // lea rsi,[rsp+rax*1]
  "4c8d3404        " + // lea r14,[rsp+rax*1]
  "48ffce          " + // dec rsi
  "803e2f          " + // cmp BYTE PTR [rsi],0x2f
  "75f8            " + // jne 0x74e
  "48ffc6          " + // inc rsi
  "4989f7          " + // mov r15,rsi
  "4929f6          " + // sub r14,rsi
  "0f84fe010000    " + // je 0x963
  "4983fe1d        " + // cmp r14,0x1d
  "0f87f4010000    " + // ja 0x963
  "4489f1          " + // mov ecx,r14d
  "ac              " + // lods al,BYTE PTR ds:[rsi]
  "3c5f            " + // cmp al,0x5f
  "741e            " + // je 0x795
  "3c2d            " + // cmp al,0x2d
  "0f82e4010000    " + // jb 0x963
  "3c39            " + // cmp al,0x39
  "7612            " + // jbe 0x795
  "0c20            " + // or al,0x20
  "3c61            " + // cmp al,0x61
  "0f82d6010000    " + // jb 0x963
  "3c7a            " + // cmp al,0x7a
  "0f87ce010000    " + // ja 0x963
  "e2db            " + // loop 0x772
  "488dbc2400200000" + // lea rdi,[rsp+0x2000]
  "498b7518        " + // mov rsi,QWORD PTR [r13+0x18]
  "4c01ee          " + // add rsi,r13
  "498b4d20        " + // mov rcx,QWORD PTR [r13+0x20]
  "f3a4            " + // rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
  "488b7318        " + // mov rsi,QWORD PTR [rbx+0x18]
  "4c01ee          " + // add rsi,r13
  "b92d000000      " + // mov ecx,0x2d
  "4429f1          " + // sub ecx,r14d
  "f3a4            " + // rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
  "4889fa          " + // mov rdx,rdi
  "498bb500010000  " + // mov rsi,QWORD PTR [r13+0x100]
  "4c01ee          " + // add rsi,r13
  "b90e000000      " + // mov ecx,0xe
  "f3a4            " + // rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
  "4c89fe          " + // mov rsi,r15
  "4489f1          " + // mov ecx,r14d
  "f3a4            " + // rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
  "498bb508010000  " + // mov rsi,QWORD PTR [r13+0x108]
  "4c01ee          " + // add rsi,r13
  "b907000000      " + // mov ecx,0x7
  "f3a4            " + // rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
  "488db42400200000" + // lea rsi,[rsp+0x2000]
  "488dbc2400100000" + // lea rdi,[rsp+0x1000]
  "4889d1          " + // mov rcx,rdx
  "4829f1          " + // sub rcx,rsi
  "f3a4            " + // rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
  "c60700          " + // mov BYTE PTR [rdi],0x0
  "b802000000      " + // mov eax,0x2
  "488dbc2400200000" + // lea rdi,[rsp+0x2000]
  "be00000800      " + // mov esi,0x80000
  "0f05            " + // syscall
  "85c0            " + // test eax,eax
  "780e            " + // js 0x82b
  "89c7            " + // mov edi,eax
  "b803000000      " + // mov eax,0x3
  "0f05            " + // syscall
  "e92e010000      " + // jmp 0x959
  "b86b000000      " + // mov eax,0x6b
  "0f05            " + // syscall
  "85c0            " + // test eax,eax
  "0f8529010000    " + // jne 0x963
  "b853000000      " + // mov eax,0x53
  "488dbc2400100000" + // lea rdi,[rsp+0x1000]
  "beed010000      " + // mov esi,0x1ed
  "0f05            " + // syscall
  "b802000000      " + // mov eax,0x2
  "488dbc2400100000" + // lea rdi,[rsp+0x1000]
  "be01004900      " + // mov esi,0x490001
  "baa4010000      " + // mov edx,0x1a4
  "0f05            " + // syscall
  "85c0            " + // test eax,eax
  "0f88f4000000    " + // js 0x963
  "4189c6          " + // mov r14d,eax
  "b809000000      " + // mov eax,0x9
  "31ff            " + // xor edi,edi
  "488b7310        " + // mov rsi,QWORD PTR [rbx+0x10]
  "ba03000000      " + // mov edx,0x3
  "41ba22000000    " + // mov r10d,0x22
  "41b8ffffffff    " + // mov r8d,0xffffffff
  "4531c9          " + // xor r9d,r9d
  "0f05            " + // syscall
  "4531ff          " + // xor r15d,r15d
  "4885c0          " + // test rax,rax
  "0f88ab000000    " + // js 0x94a
  "4989c7          " + // mov r15,rax
  "4889c7          " + // mov rdi,rax
  "488b7308        " + // mov rsi,QWORD PTR [rbx+0x8]
  "4c01ee          " + // add rsi,r13
  "488b4b10        " + // mov rcx,QWORD PTR [rbx+0x10]
  "f3a4            " + // rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
  "458b4708        " + // mov r8d,DWORD PTR [r15+0x8]
  "4d8d4f0c        " + // lea r9,[r15+0xc]
  "4b8d14c1        " + // lea rdx,[r9+r8*8]
  "4183e801        " + // sub r8d,0x1
  "782a            " + // js 0x8ee
  "490311          " + // add rdx,QWORD PTR [r9]
  "4983c108        " + // add r9,0x8
  "8b42ec          " + // mov eax,DWORD PTR [rdx-0x14]
  "488d7af3        " + // lea rdi,[rdx-0xd]
  "4829c7          " + // sub rdi,rax
  "49037d20        " + // add rdi,QWORD PTR [r13+0x20]
  "488db42400200000" + // lea rsi,[rsp+0x2000]
  "49037520        " + // add rsi,QWORD PTR [r13+0x20]
  "b93b000000      " + // mov ecx,0x3b
  "f3a4            " + // rep movs BYTE PTR es:[rdi],BYTE PTR ds:[rsi]
  "ebd0            " + // jmp 0x8be
  "b801000000      " + // mov eax,0x1
  "4489f7          " + // mov edi,r14d
  "4c89fe          " + // mov rsi,r15
  "488b5310        " + // mov rdx,QWORD PTR [rbx+0x10]
  "0f05            " + // syscall
  "4989c1          " + // mov r9,rax
  "b80b000000      " + // mov eax,0xb
  "4c89ff          " + // mov rdi,r15
  "4889d6          " + // mov rsi,rdx
  "0f05            " + // syscall
  "4531ff          " + // xor r15d,r15d
  "4939d1          " + // cmp r9,rdx
  "7533            " + // jne 0x94a
  "b809010000      " + // mov eax,0x109
  "4489f7          " + // mov edi,r14d
  "488d3576020000  " + // lea rsi,[rip+0x276] # 0xb9c
  "ba9cffffff      " + // mov edx,0xffffff9c
  "4c8d942400200000" + // lea r10,[rsp+0x2000]
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
  "740a            " + // je 0x963
  "4c8db42400100000" + // lea r14,[rsp+0x1000]
  "eb07            " + // jmp 0x96a
  "4d8b7528        " + // mov r14,QWORD PTR [r13+0x28]
  "4d01ee          " + // add r14,r13
  "4531ff          " + // xor r15d,r15d
  "b802000000      " + // mov eax,0x2
  "498bbd10010000  " + // mov rdi,QWORD PTR [r13+0x110]
  "4c01ef          " + // add rdi,r13
  "be00000800      " + // mov esi,0x80000
  "0f05            " + // syscall
  "85c0            " + // test eax,eax
  "7855            " + // js 0x9dc
  "89c7            " + // mov edi,eax
  "31c0            " + // xor eax,eax
  "4889e6          " + // mov rsi,rsp
  "ba00100000      " + // mov edx,0x1000
  "0f05            " + // syscall
  "4889c2          " + // mov rdx,rax
  "b803000000      " + // mov eax,0x3
  "0f05            " + // syscall
  "4801f2          " + // add rdx,rsi
  "31ff            " + // xor edi,edi
  "4839d6          " + // cmp rsi,rdx
  "7333            " + // jae 0x9dc
  "0fb606          " + // movzx eax,BYTE PTR [rsi]
  "48ffc6          " + // inc rsi
  "83e830          " + // sub eax,0x30
  "83f809          " + // cmp eax,0x9
  "7707            " + // ja 0x9be
  "6bff0a          " + // imul edi,edi,0xa
  "01c7            " + // add edi,eax
  "ebe6            " + // jmp 0x9a4
  "807efe30        " + // cmp BYTE PTR [rsi-0x2],0x30
  "720b            " + // jb 0x9cf
  "807efe39        " + // cmp BYTE PTR [rsi-0x2],0x39
  "7705            " + // ja 0x9cf
  "4189c8          " + // mov r8d,ecx
  "89f9            " + // mov ecx,edi
  "83f8da          " + // cmp eax,0xffffffda
  "75ce            " + // jne 0x9a2
  "4101cf          " + // add r15d,ecx
  "4501c7          " + // add r15d,r8d
  "ebc6            " + // jmp 0x9a2
  "b809000000      " + // mov eax,0x9
  "31ff            " + // xor edi,edi
  "be0000a000      " + // mov esi,0xa00000
  "ba03000000      " + // mov edx,0x3
  "41ba22400000    " + // mov r10d,0x4022
  "41b8ffffffff    " + // mov r8d,0xffffffff
  "4531c9          " + // xor r9d,r9d
  "0f05            " + // syscall
  "4885c0          " + // test rax,rax
  "7853            " + // js 0xa56
  "488db8ffff1f00  " + // lea rdi,[rax+0x1fffff]
  "4881e70000e0ff  " + // and rdi,0xffffffffffe00000
  "498b8df0000000  " + // mov rcx,QWORD PTR [r13+0xf0]
  "4c01e9          " + // add rcx,r13
  "48897908        " + // mov QWORD PTR [rcx+0x8],rdi
  "488d8700008000  " + // lea rax,[rdi+0x800000]
  "48894110        " + // mov QWORD PTR [rcx+0x10],rax
  "498d8518010000  " + // lea rax,[r13+0x118]
  "4839c3          " + // cmp rbx,rax
  "0f95c0          " + // setne al
  "0fb6c0          " + // movzx eax,al
  "83c002          " + // add eax,0x2
  "894118          " + // mov DWORD PTR [rcx+0x18],eax
  "be00008000      " + // mov esi,0x800000
  "ba0a000000      " + // mov edx,0xa
  "b81c000000      " + // mov eax,0x1c
  "0f05            " + // syscall
  "e82df7ffff      " + // call 0x183
  "31ff            " + // xor edi,edi
  "498b7540        " + // mov rsi,QWORD PTR [r13+0x40]
  "4c01ee          " + // add rsi,r13
  "498b4510        " + // mov rax,QWORD PTR [r13+0x10]
  "41ff540500      " + // call QWORD PTR [r13+rax*1+0x0]
  "4889c3          " + // mov rbx,rax
  "4885db          " + // test rbx,rbx
  "0f8401010000    " + // je 0xb75
  "bfffffffff      " + // mov edi,0xffffffff
  "be00000001      " + // mov esi,0x1000000
  "ffd3            " + // call rbx
  "bffeffffff      " + // mov edi,0xfffffffe
  "be00004000      " + // mov esi,0x400000
  "ffd3            " + // call rbx
  "bffdffffff      " + // mov edi,0xfffffffd
  "be00001000      " + // mov esi,0x100000
  "ffd3            " + // call rbx
  "b80c000000      " + // mov eax,0xc
  "31ff            " + // xor edi,edi
  "0f05            " + // syscall
  "488d98ff0f2000  " + // lea rbx,[rax+0x200fff]
  "4881e30000e0ff  " + // and rbx,0xffffffffffe00000
  "488dbb00f0ffff  " + // lea rdi,[rbx-0x1000]
  "b80c000000      " + // mov eax,0xc
  "0f05            " + // syscall
  "bf01000000      " + // mov edi,0x1
  "498b85f8000000  " + // mov rax,QWORD PTR [r13+0xf8]
  "41ff540500      " + // call QWORD PTR [r13+rax*1+0x0]
  "b80c000000      " + // mov eax,0xc
  "31ff            " + // xor edi,edi
  "0f05            " + // syscall
  "482d00004000    " + // sub rax,0x400000
  "4839d8          " + // cmp rax,rbx
  "0f828f000000    " + // jb 0xb75
  "4889df          " + // mov rdi,rbx
  "be00004000      " + // mov esi,0x400000
  "e890f6ffff      " + // call 0x183
  "be00003400      " + // mov esi,0x340000
  "4183ff10        " + // cmp r15d,0x10
  "7268            " + // jb 0xb66
  "48c70424ffffffff" + // mov QWORD PTR [rsp],0xffffffffffffffff
  "31ff            " + // xor edi,edi
  "4889e6          " + // mov rsi,rsp
  "488d542408      " + // lea rdx,[rsp+0x8]
  "41ba08000000    " + // mov r10d,0x8
  "b80e000000      " + // mov eax,0xe
  "0f05            " + // syscall
  "bf000f0500      " + // mov edi,0x50f00
  "31f6            " + // xor esi,esi
  "31d2            " + // xor edx,edx
  "4531d2          " + // xor r10d,r10d
  "4531c0          " + // xor r8d,r8d
  "b838000000      " + // mov eax,0x38
  "0f05            " + // syscall
  "85c0            " + // test eax,eax
  "0f84fbf5ffff    " + // je 0x136
  "4189c7          " + // mov r15d,eax
  "bf02000000      " + // mov edi,0x2
  "488d742408      " + // lea rsi,[rsp+0x8]
  "31d2            " + // xor edx,edx
  "41ba08000000    " + // mov r10d,0x8
  "b80e000000      " + // mov eax,0xe
  "0f05            " + // syscall
  "be00003400      " + // mov esi,0x340000
  "4585ff          " + // test r15d,r15d
  "7805            " + // js 0xb66
  "be00002000      " + // mov esi,0x200000
  "4889df          " + // mov rdi,rbx
  "ba17000000      " + // mov edx,0x17
  "b81c000000      " + // mov eax,0x1c
  "0f05            " + // syscall
  "498b7d30        " + // mov rdi,QWORD PTR [r13+0x30]
  "4c01ef          " + // add rdi,r13
  "4c89f6          " + // mov rsi,r14
  "ba01000000      " + // mov edx,0x1
  "498b4508        " + // mov rax,QWORD PTR [r13+0x8]
  "41ff540500      " + // call QWORD PTR [r13+rax*1+0x0]
  "4889ec          " + // mov rsp,rbp
  "4c89e2          " + // mov rdx,r12
  "498b4500        " + // mov rax,QWORD PTR [r13+0x0]
  "4c01e8          " + // add rax,r13
  "ffe0            " + // jmp rax
  "000f            " + // add BYTE PTR [rdi],cl
  "1f              " + // (bad)
  "00              " + // .byte 0x0
  "";

/** The executor for aarch64; made from aarch64.s by scripts/assemble.ts. */
export const CODE = //
  "1300a2d2        " + // mov x19, #0x10000000 // #268435456
  "1510a0d2        " + // mov x21, #0x800000 // #8388608
  "f40313aa        " + // mov x20, x19
  "960e4079        " + // ldrh w22, [x20, #6]
  "800641a9        " + // ldp x0, x1, [x20, #16]
  "820e42a9        " + // ldp x2, x3, [x20, #32]
  "841643a9        " + // ldp x4, x5, [x20, #48]
  "56000036        " + // tbz w22, #0, 0x24
  "a07a60f8        " + // ldr x0, [x21, x0, lsl #3]
  "56000836        " + // tbz w22, #1, 0x2c
  "a17a61f8        " + // ldr x1, [x21, x1, lsl #3]
  "56001036        " + // tbz w22, #2, 0x34
  "a27a62f8        " + // ldr x2, [x21, x2, lsl #3]
  "56001836        " + // tbz w22, #3, 0x3c
  "a37a63f8        " + // ldr x3, [x21, x3, lsl #3]
  "56002036        " + // tbz w22, #4, 0x44
  "a47a64f8        " + // ldr x4, [x21, x4, lsl #3]
  "56002836        " + // tbz w22, #5, 0x4c
  "a57a65f8        " + // ldr x5, [x21, x5, lsl #3]
  "88024079        " + // ldrh w8, [x20]
  "09e09f52        " + // mov w9, #0xff00 // #65280
  "0901096b        " + // subs w9, w8, w9
  "e2040054        " + // b.cs 0xf4 // b.hs, b.nlast
  "010000d4        " + // svc #0x0
  "1ffc3fb1        " + // cmn x0, #0xfff
  "62010054        " + // b.cs 0x90 // b.hs, b.nlast
  "89064079        " + // ldrh w9, [x20, #2]
  "a07a29f8        " + // str x0, [x21, x9, lsl #3]
  "600000b5        " + // cbnz x0, 0x7c
  "890e40b9        " + // ldr w9, [x20, #12]
  "89000035        " + // cbnz w9, 0x88
  "94020191        " + // add x20, x20, #0x40
  "e3ffff17        " + // b 0xc
  "890e40b9        " + // ldr w9, [x20, #12]
  "741a098b        " + // add x20, x19, x9, lsl #6
  "e0ffff17        " + // b 0xc
  "89064079        " + // ldrh w9, [x20, #2]
  "a07a29f8        " + // str x0, [x21, x9, lsl #3]
  "ea03004b        " + // neg w10, w0
  "8b0a4079        " + // ldrh w11, [x20, #4]
  "890a40b9        " + // ldr w9, [x20, #8]
  "ecff9f52        " + // mov w12, #0xffff // #65535
  "7f010c6b        " + // cmp w11, w12
  "e0feff54        " + // b.eq 0x88 // b.none
  "7f010a6b        " + // cmp w11, w10
  "a0feff54        " + // b.eq 0x88 // b.none
  "810213cb        " + // sub x1, x20, x19
  "21fc46d3        " + // lsr x1, x1, #6
  "ab1240b9        " + // ldr w11, [x21, #16]
  "7f010071        " + // cmp w11, #0x0
  "6111811a        " + // csel w1, w11, w1, ne // ne = any
  "e12bbe29        " + // stp w1, w10, [sp, #-16]!
  "ff0700f9        " + // str xzr, [sp, #8]
  "a00640f9        " + // ldr x0, [x21, #8]
  "e1030091        " + // mov x1, sp
  "020280d2        " + // mov x2, #0x10 // #16
  "080880d2        " + // mov x8, #0x40 // #64
  "010000d4        " + // svc #0x0
  "200080d2        " + // mov x0, #0x1 // #1
  "c80b80d2        " + // mov x8, #0x5e // #94
  "010000d4        " + // svc #0x0
  "3f050071        " + // cmp w9, #0x1
  "63040054        " + // b.cc 0x184 // b.lo, b.ul, b.last
  "20040054        " + // b.eq 0x180 // b.none
  "3f0d0071        " + // cmp w9, #0x3
  "23040054        " + // b.cc 0x188 // b.lo, b.ul, b.last
  "40040054        " + // b.eq 0x190 // b.none
  "3f150071        " + // cmp w9, #0x5
  "43040054        " + // b.cc 0x198 // b.lo, b.ul, b.last
  "60040054        " + // b.eq 0x1a0 // b.none
  "3f1d0071        " + // cmp w9, #0x7
  "63040054        " + // b.cc 0x1a8 // b.lo, b.ul, b.last
  "80040054        " + // b.eq 0x1b0 // b.none
  "3f250071        " + // cmp w9, #0x9
  "83010054        " + // b.cc 0x158 // b.lo, b.ul, b.last
  "c0010054        " + // b.eq 0x164 // b.none
  "3f2d0071        " + // cmp w9, #0xb
  "c3000054        " + // b.cc 0x14c // b.lo, b.ul, b.last
  "c0010054        " + // b.eq 0x170 // b.none
  "3f350071        " + // cmp w9, #0xd
  "c3010054        " + // b.cc 0x178 // b.lo, b.ul, b.last
  "0000018b        " + // add x0, x0, x1
  "c8ffff17        " + // b 0x68
  "1f0001eb        " + // cmp x0, x1
  "a3f9ff54        " + // b.cc 0x84 // b.lo, b.ul, b.last
  "caffff17        " + // b 0x7c
  "1f0001eb        " + // cmp x0, x1
  "40f9ff54        " + // b.eq 0x84 // b.none
  "c7ffff17        " + // b 0x7c
  "1f0001eb        " + // cmp x0, x1
  "e1f8ff54        " + // b.ne 0x84 // b.any
  "c4ffff17        " + // b 0x7c
  "ea03004b        " + // neg w10, w0
  "d3ffff17        " + // b 0xc0
  "e903002a        " + // mov w9, w0
  "c3ffff17        " + // b 0x88
  "0000018a        " + // and x0, x0, x1
  "b9ffff17        " + // b 0x68
  "00686138        " + // ldrb w0, [x0, x1]
  "b7ffff17        " + // b 0x68
  "00686178        " + // ldrh w0, [x0, x1]
  "b5ffff17        " + // b 0x68
  "006861b8        " + // ldr w0, [x0, x1]
  "b3ffff17        " + // b 0x68
  "006861f8        " + // ldr x0, [x0, x1]
  "b1ffff17        " + // b 0x68
  "010000b9        " + // str w1, [x0]
  "b4ffff17        " + // b 0x7c
  "010000f9        " + // str x1, [x0]
  "b2ffff17        " + // b 0x7c
  "";

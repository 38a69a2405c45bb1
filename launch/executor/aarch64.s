// The executor for aarch64: runs the instructions that ../program.ts lays out.
// scripts/assemble.ts turns this file into aarch64.ts.
//
// x19: the instructions   x20: the current one   x21: the registers
// x22, x9 to x12: scratch
.globl _start
_start:
  mov x19, #0x10000000
  mov x21, #0x800000
  mov x20, x19
step:
  ldrh w22, [x20, #6]
  ldp x0, x1, [x20, #16]
  ldp x2, x3, [x20, #32]
  ldp x4, x5, [x20, #48]
  tbz w22, #0, 1f
  ldr x0, [x21, x0, lsl #3]
1: tbz w22, #1, 1f
  ldr x1, [x21, x1, lsl #3]
1: tbz w22, #2, 1f
  ldr x2, [x21, x2, lsl #3]
1: tbz w22, #3, 1f
  ldr x3, [x21, x3, lsl #3]
1: tbz w22, #4, 1f
  ldr x4, [x21, x4, lsl #3]
1: tbz w22, #5, 1f
  ldr x5, [x21, x5, lsl #3]
1: ldrh w8, [x20]
  mov w9, #0xff00
  subs w9, w8, w9
  b.hs operation
  svc #0
  cmn x0, #4095
  b.hs failed
store:
  ldrh w9, [x20, #2]
  str x0, [x21, x9, lsl #3]
  cbnz x0, next
  ldr w9, [x20, #12]
  cbnz w9, go
next:
  add x20, x20, #64
  b step
taken:
  ldr w9, [x20, #12]
go:
  add x20, x19, x9, lsl #6
  b step
failed:
  ldrh w9, [x20, #2]
  str x0, [x21, x9, lsl #3]
  neg w10, w0
  ldrh w11, [x20, #4]
  ldr w9, [x20, #8]
  mov w12, #0xffff
  cmp w11, w12
  b.eq go
  cmp w11, w10
  b.eq go
  sub x1, x20, x19
  lsr x1, x1, #6
report:
  ldr w11, [x21, #16]
  cmp w11, #0
  csel w1, w11, w1, ne
  stp w1, w10, [sp, #-16]!
  str xzr, [sp, #8]
  ldr x0, [x21, #8]
  mov x1, sp
  mov x2, #16
  mov x8, #64
  svc #0
  mov x0, #1
  mov x8, #94
  svc #0
operation:
  cmp w9, #1
  b.lo set
  b.eq both
  cmp w9, #3
  b.lo load1
  b.eq load2
  cmp w9, #5
  b.lo load4
  b.eq load8
  cmp w9, #7
  b.lo store4
  b.eq store8
  cmp w9, #9
  b.lo equal
  b.eq unequal
  cmp w9, #11
  b.lo below
  b.eq fail
  cmp w9, #13
  b.lo goto
  add x0, x0, x1
  b store
below:
  cmp x0, x1
  b.lo taken
  b next
equal:
  cmp x0, x1
  b.eq taken
  b next
unequal:
  cmp x0, x1
  b.ne taken
  b next
fail:
  neg w10, w0
  b report
goto:
  mov w9, w0
  b go
both:
  and x0, x0, x1
set:
  b store
load1:
  ldrb w0, [x0, x1]
  b store
load2:
  ldrh w0, [x0, x1]
  b store
load4:
  ldr w0, [x0, x1]
  b store
load8:
  ldr x0, [x0, x1]
  b store
store4:
  str w1, [x0]
  b next
store8:
  str x1, [x0]
  b next

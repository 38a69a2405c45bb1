import { integer, list, oneOf, type Rule, someText, text } from "./schema.ts";
import { u32, u64 } from "./schema_integers.ts";
import { object } from "./schema_object.ts";

/** The rule for `linux.seccomp`. */
export function seccompRule(): Rule {
  const action = oneOf(...prefixed(
    "SCMP_ACT_",
    "KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG NOTIFY",
  ));
  return object({
    defaultAction: action,
    defaultErrnoRet: u32,
    architectures: list(oneOf(...prefixed(
      "SCMP_ARCH_",
      "X86 X86_64 X32 ARM AARCH64 LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 " +
        "MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X SH SHEB " +
        "PARISC PARISC64 RISCV64",
    ))),
    flags: list(oneOf(...prefixed(
      "SECCOMP_FILTER_FLAG_",
      "TSYNC LOG SPEC_ALLOW WAIT_KILLABLE_RECV",
    ))),
    listenerPath: text,
    listenerMetadata: text,
    syscalls: list(object({
      names: list(someText, "an array of at least one system call name", 1),
      action,
      errnoRet: u32,
      args: list(object({
        index: integer(0, 5),
        value: u64,
        valueTwo: u64,
        op: oneOf(...prefixed("SCMP_CMP_", "NE LT LE EQ GE GT MASKED_EQ")),
      }, ["index", "value", "op"])),
    }, ["names", "action"])),
  }, ["defaultAction"]);
}

function prefixed(prefix: string, words: string): string[] {
  return words.split(" ").map((word) => prefix + word);
}

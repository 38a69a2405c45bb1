import { integer, list, oneOf, type Rule, someText, text } from "./schema.ts";
import { u32, u64 } from "./schema_integers.ts";
import { object } from "./schema_object.ts";

/** Names that seccomp properties take, without their prefixes. */
export const SECCOMP_WORDS = {
  actions: "KILL KILL_PROCESS KILL_THREAD TRAP ERRNO TRACE ALLOW LOG NOTIFY",
  operators: "NE LT LE EQ GE GT MASKED_EQ",
  archs: "X86 X86_64 X32 ARM AARCH64 LOONGARCH64 M68K MIPS MIPS64 MIPS64N32 " +
    "MIPSEL MIPSEL64 MIPSEL64N32 PPC PPC64 PPC64LE S390 S390X SH SHEB " +
    "PARISC PARISC64 RISCV64",
  flags: "TSYNC LOG SPEC_ALLOW WAIT_KILLABLE_RECV",
};

/** The values of one of the properties that `SECCOMP_WORDS` has words for. */
export function seccompNames(kind: keyof typeof SECCOMP_WORDS): string[] {
  const prefix = {
    actions: "SCMP_ACT_",
    operators: "SCMP_CMP_",
    archs: "SCMP_ARCH_",
    flags: "SECCOMP_FILTER_FLAG_",
  }[kind];
  return SECCOMP_WORDS[kind].split(" ").map((word) => prefix + word);
}

/** The rule for `linux.seccomp`. */
export function seccompRule(): Rule {
  const action = oneOf(...seccompNames("actions"));
  return object({
    defaultAction: action,
    defaultErrnoRet: u32,
    architectures: list(oneOf(...seccompNames("archs"))),
    flags: list(oneOf(...seccompNames("flags"))),
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
        op: oneOf(...seccompNames("operators")),
      }, ["index", "value", "op"])),
    }, ["names", "action"])),
  }, ["defaultAction"]);
}

/**
 * libseccomp, for tests only: what runc and crun make their filters with.
 *
 * @module
 */

import { close } from "../ffi/fd.ts";
import { readBytes } from "../ffi/files.ts";
import { cString } from "../ffi/libc.ts";
import { checked } from "../ffi/syscall.ts";
import { callNumbers } from "../launch/seccomp/architectures.ts";
import { actionValue, type Profile } from "../launch/seccomp/profile.ts";

const ARCH_TOKENS: Readonly<Record<string, number>> = {
  SCMP_ARCH_X86_64: 0xc000003e,
  SCMP_ARCH_X86: 0x40000003,
  SCMP_ARCH_X32: 0x4000003e,
  SCMP_ARCH_AARCH64: 0xc00000b7,
  SCMP_ARCH_ARM: 0x40000028,
};

/** The numbers of `enum scmp_compare`, from 1 on. */
const OPERATORS = "NE LT LE EQ GE GT MASKED_EQ".split(" ");

const UNKNOWN = -1, EEXIST = 17;
/** SCMP_FLTATR_CTL_OPTIMIZE. */
const OPTIMIZE = 8;

function open() {
  return Deno.dlopen("libseccomp.so.2", {
    seccomp_init: { parameters: ["u32"], result: "pointer" },
    seccomp_release: { parameters: ["pointer"], result: "void" },
    seccomp_arch_add: { parameters: ["pointer", "u32"], result: "i32" },
    seccomp_arch_remove: { parameters: ["pointer", "u32"], result: "i32" },
    seccomp_attr_set: { parameters: ["pointer", "u32", "u32"], result: "i32" },
    seccomp_syscall_resolve_name: { parameters: ["buffer"], result: "i32" },
    seccomp_rule_add_array: {
      parameters: ["pointer", "u32", "i32", "u32", "buffer"],
      result: "i32",
    },
    seccomp_export_bpf: { parameters: ["pointer", "i32"], result: "i32" },
  }).symbols;
}

let library: ReturnType<typeof open> | undefined;

/** Whether libseccomp is installed. */
export function hasLibseccomp(): boolean {
  try {
    library ??= open();
    return true;
  } catch {
    return false;
  }
}

/**
 * The calls that libseccomp and Davit both know. Those that only one of X86_64
 * and X32 has are left out: where an architecture lacks a call, libseccomp
 * 2.5.4 may forget to load the number of the others.
 */
export function knownToBoth(): string[] {
  library ??= open();
  const wide = callNumbers("X86_64"), x32 = callNumbers("X32");
  const names = new Set([...wide.keys(), ...callNumbers("X86").keys()]);
  return [...names].filter((name) =>
    wide.has(name) === x32.has(name) &&
    library!.seccomp_syscall_resolve_name(cString(name)) !== UNKNOWN
  );
}

/**
 * The filter that libseccomp makes of a profile in the way of runc: a rule
 * that tests an argument twice becomes a rule for each test.
 *
 * @param level how to optimize: 2 is a binary tree, as runc asks for since 1.2
 * @param foreign whether x86_64, on which this runs, is left out
 */
export function libseccompFilter(
  profile: Profile,
  foreign = false,
  level = 1,
): Uint8Array {
  library ??= open();
  const byDefault = actionValue(profile.defaultAction, profile.defaultErrnoRet);
  const context = library.seccomp_init(byDefault);
  if (context === null) throw new Error("seccomp_init failed");
  const succeed = (result: number, what: string) => {
    if (result !== 0 && result !== -EEXIST) {
      throw new Error(`${what}: ${result}`);
    }
  };
  try {
    const optimize = library.seccomp_attr_set(context, OPTIMIZE, level);
    succeed(optimize, "optimize");
    for (const arch of profile.architectures ?? []) {
      succeed(library.seccomp_arch_add(context, ARCH_TOKENS[arch]!), arch);
    }
    if (foreign) {
      const native = ARCH_TOKENS["SCMP_ARCH_X86_64"]!;
      succeed(library.seccomp_arch_remove(context, native), "remove x86_64");
    }
    for (const rule of profile.syscalls ?? []) {
      const action = actionValue(rule.action, rule.errnoRet);
      if (action === byDefault) continue;
      const { args = [] } = rule;
      const indexes = new Set(args.map(({ index }) => index));
      const alternatives = indexes.size < args.length
        ? args.map((arg) => [arg])
        : [args];
      for (const name of rule.names) {
        const number = library.seccomp_syscall_resolve_name(cString(name));
        if (number === UNKNOWN) continue;
        for (const tests of alternatives) {
          const array = new DataView(new ArrayBuffer(24 * tests.length + 1));
          tests.forEach(({ index, op, value, valueTwo = 0 }, i) => {
            const operator = op.replace("SCMP_CMP_", "");
            array.setUint32(24 * i, index, true);
            array.setUint32(24 * i + 4, 1 + OPERATORS.indexOf(operator), true);
            array.setBigUint64(24 * i + 8, BigInt(value), true);
            array.setBigUint64(24 * i + 16, BigInt(valueTwo), true);
          });
          succeed(
            library.seccomp_rule_add_array(
              context,
              action,
              number,
              tests.length,
              array,
            ),
            name,
          );
        }
      }
    }
    const file = checked("memfd_create", "filter", "filter", 0);
    try {
      succeed(library.seccomp_export_bpf(context, file), "export");
      return readBytes(`/proc/self/fd/${file}`);
    } finally {
      close(file);
    }
  } finally {
    library.seccomp_release(context);
  }
}

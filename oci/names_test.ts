import { assertEquals } from "@std/assert";
import {
  CAPABILITIES,
  capabilityNumber,
  rlimitNumber,
  RLIMITS,
} from "./names.ts";

Deno.test("capabilityNumber() counts as linux/capability.h does", () => {
  assertEquals(CAPABILITIES.length, 41);
  const numbers: Record<string, number> = {
    CAP_CHOWN: 0,
    CAP_KILL: 5,
    CAP_SETPCAP: 8,
    CAP_NET_ADMIN: 12,
    CAP_SYS_ADMIN: 21,
    CAP_MKNOD: 27,
    CAP_SETFCAP: 31,
    CAP_SYSLOG: 34,
    CAP_CHECKPOINT_RESTORE: 40,
  };
  for (const [name, number] of Object.entries(numbers)) {
    assertEquals(capabilityNumber(name), number, name);
  }
  for (
    const name of ["KILL", "CAP_", "", "cap_kill", "CAP_NO", "CAP_CAP_KILL"]
  ) {
    assertEquals(capabilityNumber(name), undefined, name);
  }
});

Deno.test("rlimitNumber() knows every name", () => {
  RLIMITS.forEach((name, i) => assertEquals(rlimitNumber(`RLIMIT_${name}`), i));
  assertEquals(rlimitNumber("RLIMIT_NPROC"), 6);
  assertEquals(rlimitNumber("RLIMIT_NICE"), 13);
});

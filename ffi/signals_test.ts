import { assertEquals } from "@std/assert";
import { signalName, signalNumber, SIGNALS } from "./signals.ts";

Deno.test("signalNumber() takes names and numbers as kill(1) does", () => {
  const table: Record<string, number | undefined> = {
    TERM: 15,
    SIGTERM: 15,
    sigterm: 15,
    Term: 15,
    "15": 15,
    "9": 9,
    "64": 64,
    KILL: 9,
    SIGIOT: 6,
    CLD: 17,
    POLL: 29,
    RTMIN: 34,
    "RTMIN+1": 35,
    "sigrtmin+30": 64,
    RTMAX: 64,
    "RTMAX-2": 62,
    "RTMAX-30": 34,
  };
  for (const [name, number] of Object.entries(table)) {
    assertEquals(signalNumber(name), number, name);
  }
});

Deno.test("signalNumber() knows no other signals", () => {
  const junk = [
    "",
    "0",
    "65",
    "-1",
    "+9",
    "9.0",
    "1e1",
    "0x9",
    "99999999999999999999",
    " TERM",
    "TERM ",
    "SIG",
    "SIGSIGTERM",
    "SIG15",
    "NOSUCH",
    "RTMIN-1",
    "RTMIN+31",
    "RTMAX+1",
    "RTMAX-31",
    "RTMIN+",
    "RTMID",
    "constructor",
    "__proto__",
    "TERM\n",
  ];
  for (const name of junk) assertEquals(signalNumber(name), undefined, name);
});

Deno.test("signalName() names every number", () => {
  assertEquals(signalName(15), "SIGTERM");
  assertEquals(signalName(6), "SIGABRT");
  assertEquals(signalName(34), "SIGRTMIN+0");
  assertEquals(signalName(40), "SIGRTMIN+6");
  assertEquals(signalName(32), "signal 32");
  for (let number = 1; number <= 31; number++) {
    assertEquals(signalNumber(signalName(number)), number);
  }
});

Deno.test({
  name: "SIGNALS has the numbers of this machine",
  fn: async (t) => {
    const kill = new Deno.Command("/bin/sh", { args: ["-c", "kill -l"] });
    const names = new TextDecoder().decode((await kill.output()).stdout)
      .split(/\s+/);
    await t.step("as the shell's kill -l", () => {
      for (const name of names) {
        if (!Object.hasOwn(SIGNALS, name)) continue;
        // dash lists one name a line, in order, from 0 on.
        assertEquals(SIGNALS[name], names.indexOf(name), name);
      }
    });
  },
});

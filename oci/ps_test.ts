import { assertEquals, assertThrows } from "@std/assert";
import { RuntimeError } from "./errors.ts";
import { ofProcesses } from "./ps.ts";

Deno.test("ofProcesses() keeps the lines of some processes", () => {
  const table = `\
UID        PID  PPID  C STIME TTY          TIME CMD
root         1     0  0 08:00 ?        00:00:01 init
root        12     1  0 08:00 ?        00:00:00 sleep 34
systemd+   134    12  0 08:00 ?        00:00:00 sleep 12
longusername 1234567 1 0 08:00 ?       00:00:00 sleep 1
`;
  assertEquals(
    ofProcesses(table, [12, 1234567]).split("\n").map((line) =>
      line.split(/ +/)[1]
    ),
    ["PID", "12", "1234567", undefined],
  );
  assertEquals(ofProcesses(table, []).split("\n").length, 2);
});

Deno.test("ofProcesses() finds the PID behind a column of several words", () => {
  const table = `\
COMMAND                         PID
/sbin/init                        1
sleep 12                         34
sleep 34                         12
`;
  assertEquals(
    ofProcesses(table, [12]),
    "COMMAND                         PID\nsleep 34                         12\n",
  );
});

Deno.test("ofProcesses() needs a column PID", () => {
  for (const header of ["", "PPID CMD", "COMMAND"]) {
    assertThrows(
      () => ofProcesses(`${header}\n1 init\n`, [1]),
      RuntimeError,
      "couldn't find PID field in ps output",
    );
  }
});

/** More processes and terminals of a container through CRI, row by row. */
import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import type { Row } from "../table.ts";
import type { Cri } from "./cri.ts";
import { Pod, WAIT } from "./pod.ts";

export const EXEC_ROWS: readonly Row<Cri>[] = [
  {
    name: "exec sync: output, errors, exit status",
    fast: true,
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(WAIT);
      assertEquals(
        await container.execSync("echo out; echo err >&2; exit 5"),
        { stdout: "out\n", stderr: "err\n", exit_code: 5 },
      );
    },
  },
  {
    name: "exec sync: a timeout ends it",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(WAIT);
      await assertRejects(
        () => container.execSync("exec sleep 777", 1),
        Error,
        "timeout 1s exceeded",
      );
      const { exit_code } = await container.execSync("pidof sleep | wc -w");
      assertEquals(exit_code, 0);
      assertEquals(
        await container.says("ps | grep -c '[s]leep 777' || :"),
        "0\n",
      );
    },
  },
  {
    name: "exec sync of no such program",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(WAIT);
      await assertRejects(
        () =>
          cri.call("ExecSync", {
            container_id: container.id,
            cmd: ["nothing"],
          }),
        Error,
        'exec: "nothing": executable file not found in $PATH',
      );
    },
  },
  {
    name: "probes: six at once, five times",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(WAIT);
      for (let round = 0; round < 5; round++) {
        const codes = await Promise.all(
          [0, 1, 2, 3, 4, 5].map(async (code) =>
            (await container.execSync(`exit ${code}`, 10)).exit_code
          ),
        );
        assertEquals(codes, [0, 1, 2, 3, 4, 5]);
      }
    },
  },
  {
    name: "exec stream: input, output, errors, exit status",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(WAIT);
      const { stdout, stderr, status } = await container.exec(
        "echo ready; read a; echo got $a; echo err >&2; exit 4",
        false,
        [{ until: "ready\n" }, { send: "word\n" }],
      );
      assertEquals([stdout, stderr], ["ready\ngot word\n", "err\n"]);
      assertMatch(status, /"reason":"ExitCode","message":"4"/);
    },
  },
  {
    name: "exec stream with a terminal: size, input",
    fast: true,
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(WAIT);
      const { stdout, status } = await container.exec(
        "tty; read a; until stty size | grep 91; do sleep 0.05; done; echo got $a",
        true,
        [{ until: "/dev/pts/0" }, { size: [91, 33] }, { send: "word\n" }],
      );
      assertMatch(stdout, /33 91\r\ngot word\r\n$/);
      assertMatch(status, /Success/);
    },
  },
  {
    name: "attach to a terminal",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(
        "tty; read a; until stty size | grep 91; do sleep 0.05; done; " +
          "echo got $a; read b; exit 3",
        { tty: true, stdin: true },
      );
      const { stdout } = await container.attach(true, [
        { size: [91, 33] },
        { send: "word\n" },
        { until: "got word" },
        { send: "end\n" },
      ]);
      assertMatch(stdout, /33 91\r\ngot word\r\n/);
      assertEquals((await container.ended()).exit_code, 3);
    },
  },
  {
    name: "attach without a terminal",
    async run(cri) {
      await using pod = await Pod.run(cri);
      const container = await pod.start(
        "read a; echo got $a; echo err >&2; read b; exit 3",
        { stdin: true },
      );
      const { stdout } = await container.attach(false, [
        { send: "word\n" },
        { until: "got word" },
        { send: "end\n" },
      ]);
      assertMatch(stdout, /^got word\n$/);
      assertEquals((await container.ended()).exit_code, 3);
    },
  },
];

import { assert, assertEquals, assertMatch } from "@std/assert";
import { command, Container, rootTest } from "./container.ts";
import {
  assertOneLine,
  assertSuccess,
  davit,
  readIfThere,
  type Result,
  run,
} from "./davit.ts";

/** `davit try` with a state root of its own, which must be empty after. */
async function tryOut(...words: string[]): Promise<Result> {
  await using traces = new Container(command(["true"]));
  const mounts = readIfThere("/proc/self/mountinfo");
  const result = await traces.davit(["try", ...words]);
  assertEquals(
    assertSuccess(await traces.davit(["list", "--quiet"])).stdout,
    "",
  );
  const left = await run(["find", traces.root, "-type", "f"]);
  assertEquals(left.stdout, "");
  assertEquals(readIfThere("/proc/self/mountinfo"), mounts);
  return result;
}

rootTest("try runs a command over the host's root file system", async () => {
  const { code, stdout, stderr } = await tryOut("--", "cat", "/etc/os-release");
  assertEquals({ code, stdout, stderr }, {
    code: 0,
    stdout: readIfThere("/etc/os-release"),
    stderr: "",
  });
});

rootTest("try exits with the command's status", async () => {
  assertEquals((await tryOut("--", "sh", "-c", "exit 23")).code, 23);
});

rootTest(
  "try isolates: read-only root, own /tmp, no network, no capabilities",
  async () => {
    const { stdout } = assertSuccess(
      await tryOut(
        "--",
        "sh",
        "-c",
        `echo "pid $$"
      touch /etc/davit-test 2>/dev/null || echo root refused
      touch /tmp/own && ls -A /tmp
      grep -c : /proc/net/dev
      grep CapEff /proc/self/status
      grep CapBnd /proc/self/status
      ls /proc | grep -c '^[0-9]'
      echo works >/dev/null && echo null`,
      ),
    );
    assertMatch(
      stdout,
      /^pid 1\nroot refused\nown\n1\nCapEff:\t0{16}\nCapBnd:\t0{16}\n\d\nnull\n$/,
    );
    for (const kind of ["pid", "net", "ipc", "uts", "mnt"]) {
      const link = `/proc/self/ns/${kind}`;
      const { stdout } = assertSuccess(await tryOut("--", "readlink", link));
      assert(stdout.trim() !== Deno.readLinkSync(link), kind);
    }
  },
);

rootTest("try alone shows a tour", async () => {
  const { stdout, stderr } = assertSuccess(await tryOut());
  assertEquals(stderr, "");
  assertMatch(stdout, /pid/i);
  assertMatch(stdout, /\/proc/);
});

rootTest("try -t gives a terminal", async () => {
  await using traces = new Container(command(["true"]));
  const { code, stdout } = await run([
    "script",
    "--quiet",
    "--return",
    "--command",
    traces.words("try", "-t", "--", "sh", "-c", "'tty; exit 3'").join(" "),
    "/dev/null",
  ]);
  assertEquals(code, 3);
  assertMatch(stdout, /\/dev\/pts\/0\r\n/);
}, { programs: ["script"] });

rootTest("try of a program that does not exist fails in one line", async () => {
  assertOneLine(await tryOut("--", "no-such-program"), /no-such-program/);
});

rootTest("try refuses an unknown flag", async () => {
  assertOneLine(await davit(["try", "--nonsense"]), /--nonsense/);
});

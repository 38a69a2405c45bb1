/** The file that holds a launch program, where hosts or callers are strict. */
import { assertEquals } from "@std/assert";
import { command, type Container, containerTest } from "./container.ts";
import { assertSuccess, readIfThere, run } from "./davit.ts";

const ECHO = command(["echo", "here"]);

/** Runs the container behind a shell's commands. */
async function runAfter(container: Container, shell: string[], text: string) {
  const words = container.words("run", "-b", container.bundle, container.id);
  const whole = [...shell, "sh", "-ec", `${text}; exec "$@"`, "-", ...words];
  const { stdout } = assertSuccess(await run(whole));
  assertEquals(stdout, "here\n");
}

containerTest(
  "a launch keeps to the size of files that its caller may make",
  ECHO,
  // In blocks of 512 bytes: less than there is room for in the program.
  (container) => runAfter(container, [], "ulimit -f 2000"),
);

const NOEXEC = "/proc/sys/vm/memfd_noexec";

containerTest(
  "a launch does without memory to be executed, where that is forbidden",
  ECHO,
  (container) =>
    // For this PID namespace alone.
    runAfter(
      container,
      ["unshare", "--pid", "--fork", "--mount-proc"],
      `echo 2 >${NOEXEC}`,
    ),
  {
    missing: readIfThere(NOEXEC) === ""
      ? "vm.memfd_noexec (Linux 6.3)"
      : undefined,
  },
);

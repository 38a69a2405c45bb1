/** What --debug tells, and that nothing is told without it. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { type Container, containerTest, script } from "./container.ts";
import { assertSuccess, readIfThere } from "./davit.ts";
import type { Config } from "./config.ts";

type Line = Record<string, unknown> & { level: string; msg: string };

/** Runs a command with a log and gives the log's lines. */
async function logged(
  container: Container,
  ...args: string[]
): Promise<Line[]> {
  const log = `${container.folder}/log`;
  const flags = ["--debug", "--log", log, "--log-format=json"];
  assertSuccess(await container.davit([...flags, ...args]));
  const lines = readIfThere(log).trimEnd().split("\n").map((line): Line =>
    JSON.parse(line)
  );
  Deno.removeSync(log);
  return lines;
}

const pod = (config: Config) => {
  config.process.env.push("PASSWORD=hush");
  config.hooks = { poststop: [{ path: "/bin/true" }] };
  config.annotations = {
    "io.kubernetes.cri.container-type": "container",
    "io.kubernetes.cri.sandbox-id": "the-pod",
  };
};

containerTest(
  "--debug tells every decision with Kata's fields",
  script("sleep 100", pod),
  async (container) => {
    const { id } = container;
    const commands = {
      create: ["create", "--bundle", container.bundle, id],
      start: ["start", id],
      exec: ["exec", id, "true"],
      kill: ["kill", id, "KILL"],
      delete: ["delete", "--force", id],
    };
    const wanted: Record<keyof typeof commands, RegExp[]> = {
      create: [
        /^namespaces: pid: new$/,
        /^namespaces: user: the host's$/,
        /^cgroups: \/.*: made if missing/,
        /^mounts: \/proc: /,
        /^process: bounding set: /,
        /^hooks: poststop: \/bin\/true$/,
        /^launch planned$/,
        /^first process: made init$/,
        /^init: set the container up$/,
        /^container created$/,
      ],
      start: [/^telling init/, /^init has become/, /^container started$/],
      exec: [
        /^namespaces joined: .*pid/,
        /^cgroups joined$/,
        /^the process is planned$/,
        /^process: joined the container$/,
        /^process started in the container$/,
      ],
      kill: [/^sent SIGKILL$/],
      delete: [/^cgroups removed$/, /^container deleted$/, /^ran poststop/],
    };
    for (const [word, args] of Object.entries(commands)) {
      const lines = await logged(container, ...args);
      for (const line of lines) {
        const { name, source, command, container, level } = line;
        assertEquals([name, source, command, container, level], [
          "davit",
          "runtime",
          word,
          id,
          "debug",
        ]);
        assertEquals([typeof line["pid"], typeof line["time"]], [
          "number",
          "string",
        ]);
        assertEquals(line["sandbox"], "the-pod", line.msg);
        assert(!JSON.stringify(line).includes("hush"), line.msg);
      }
      for (const message of wanted[word as keyof typeof commands]) {
        assert(
          lines.some(({ msg }) => message.test(msg)),
          `${word}: ${message} in:\n${lines.map(({ msg }) => msg).join("\n")}`,
        );
      }
      const asked = lines.find(({ msg }) => /^mounts: \/proc: /.test(msg));
      if (word === "create") assertEquals(asked?.["asked"], "mounts[0]");
    }
  },
);

containerTest(
  "--debug without a log tells on stderr; without it nothing is told",
  script("true"),
  async (container) => {
    const words = ["run", "--bundle", container.bundle, container.id];
    const { stderr } = assertSuccess(
      await container.davit(["--debug", ...words]),
    );
    assertMatch(stderr, /^time="\S+" level=debug msg="namespaces: pid: new" /m);
    assertMatch(stderr, /level=debug msg="the program has ended" .*status=0/);
    const log = `${container.folder}/log`;
    assertEquals(assertSuccess(await container.run()).stderr, "");
    assertSuccess(await container.davit(["--log", log, ...words]));
    assertEquals(readIfThere(log), "");
  },
);

/** Davit in the place of runc, under its name: what runc's scripts look for. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import { change, type Container, containerTest, script } from "./container.ts";
import {
  assertSuccess,
  DAVIT,
  readIfThere,
  type Result,
  run,
} from "./davit.ts";
import { addMounts, bind } from "./mounts.ts";

/** Runs Davit through a link that is called runc. */
function runc(
  container: Container,
  args: readonly string[],
): Promise<Result> {
  const link = `${container.folder}/runc`;
  if (readIfThere(link) === "") Deno.symlinkSync(DAVIT, link);
  return run([link, "--root", container.root, ...args]);
}

function runcRun(container: Container, ...flags: string[]): Promise<Result> {
  const { bundle, id } = container;
  return runc(container, [...flags, "run", "--bundle", bundle, id]);
}

const users = {
  uidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
  gidMappings: [{ containerID: 0, hostID: 100000, size: 65536 }],
};

containerTest(
  "called runc: a mount that fails is told in runc's words, and why",
  script("true", ({ linux }) => {
    linux.namespaces.push({ type: "user" });
    Object.assign(linux, users);
  }),
  async (container) => {
    const data = `${container.folder}/data`;
    Deno.mkdirSync(data);
    addMounts(container, bind("/data", data, "bind", "suid"));
    const closed = `mount --bind ${data} ${data}
      mount -o remount,bind,nosuid ${data}; exec "$@"`;
    const link = `${container.folder}/runc`;
    Deno.symlinkSync(DAVIT, link);
    const { code, stderr } = await run([
      ..."unshare --mount --propagation private sh -ec".split(" "),
      ...[closed, "sh", link, "--root", container.root],
      ...["run", "--bundle", container.bundle, container.id],
    ]);
    assertEquals(code, 1, stderr);
    assertMatch(
      stderr,
      /^runc run failed: unable to start container process: error during container init: error mounting "[^"]+\/data" to rootfs at "\/data" \(mounts\[\d+\]\): operation not permitted; in a user namespace .*\n$/,
    );
    assertEquals(container.leftovers(), []);
  },
  { programs: ["unshare"] },
);

containerTest(
  "called runc: the log has the same line as stderr",
  script("true"),
  async (container) => {
    change(container, (config) => config.process.args = ["no-such-program"]);
    const log = `${container.folder}/log`;
    const { code, stderr } = await runcRun(
      container,
      ...["--log", log, "--log-format", "json"],
    );
    assertEquals(code, 1);
    assertMatch(
      stderr,
      /^runc run failed: unable to start container process: (error during container init: )?exec: "no-such-program": executable file not found in \$PATH/,
    );
    const last = readIfThere(log).trimEnd().split("\n").at(-1)!;
    assertEquals(`${JSON.parse(last).msg}\n`, stderr);
  },
);

containerTest(
  "called runc: help texts show commands as they are typed, the version whose",
  script("true"),
  async (container) => {
    const help = assertSuccess(await runc(container, ["--help"])).stdout;
    assertMatch(help, /^NAME:\n {3}runc - Open Container Initiative runtime\n/);
    const about = assertSuccess(await runc(container, ["run", "-h"])).stdout;
    assertMatch(about, /^NAME:\n {3}runc run - /);
    assert(!/\bdavit\b/.test(about), about);
    const version = assertSuccess(await runc(container, ["--version"])).stdout;
    assertMatch(
      version,
      /^runc version [\d.]+ \(Davit\)\ncommit: .*\nspec: 1\./,
    );
    assertSuccess(await runcRun(container));
  },
);

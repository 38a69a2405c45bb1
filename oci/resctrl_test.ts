/**
 * The groups of resctrl in a folder that looks like one. No kernel with
 * resctrl has seen this: what it says to a write is not tested here.
 */
import { assertEquals, assertMatch, assertThrows } from "@std/assert";
import { join } from "@std/path/posix";
import { E } from "../ffi/errno.ts";
import { RuntimeError } from "./errors.ts";
import {
  mismatch,
  ResctrlGroups,
  resctrlMount,
  type ResctrlTools,
} from "./resctrl.ts";
import { resctrlTools } from "./resctrl_tools.ts";
import type { IntelRdt } from "./spec_linux.ts";

const DEFAULT = "    MB:0=100;1=100\n    L3:0=7ff;1=7ff\n";

/** A folder whose new directories have the files that the kernel makes. */
class Resctrl implements Disposable {
  readonly root = Deno.makeTempDirSync({ prefix: "davit-resctrl." });
  /** What was done, in order. */
  readonly log: string[] = [];
  readonly tools: ResctrlTools;

  constructor() {
    const real = resctrlTools();
    this.#fill(this.root);
    this.tools = {
      ...real,
      mkdir: (path, mode) => {
        const errno = real.mkdir(path, mode);
        if (errno === 0) this.#fill(path);
        this.log.push(`mkdir ${this.#name(path)}`);
        return errno;
      },
      rmdir: (path) => {
        try {
          Deno.removeSync(path, { recursive: true });
        } catch {
          return E.ENOENT;
        }
        this.log.push(`rmdir ${this.#name(path)}`);
        return 0;
      },
      writeText: (path, text) => {
        real.writeText(path, text);
        this.log.push(`write ${this.#name(path)} ${JSON.stringify(text)}`);
      },
    };
  }

  groups(rdt: IntelRdt, id = "box"): ResctrlGroups {
    return new ResctrlGroups(this.tools, this.root, id, rdt);
  }

  /** A group that is there before. */
  make(name: string): void {
    Deno.mkdirSync(join(this.root, name));
    this.#fill(join(this.root, name));
  }

  #name(path: string): string {
    return path.slice(this.root.length + 1) || "/";
  }

  #fill(folder: string): void {
    Deno.writeTextFileSync(join(folder, "schemata"), DEFAULT);
    Deno.writeTextFileSync(join(folder, "tasks"), "");
    if (!folder.includes("mon_groups")) {
      Deno.mkdirSync(join(folder, "mon_groups"));
    }
  }

  [Symbol.dispose](): void {
    Deno.removeSync(this.root, { recursive: true });
  }
}

Deno.test("resctrlMount() finds where it is mounted", () => {
  const line = (point: string, type: string, root = "/") =>
    `30 20 0:5 ${root} ${point} rw,relatime shared:9 - ${type} x rw\n`;
  assertEquals(resctrlMount(line("/sys", "sysfs")), undefined);
  assertEquals(
    resctrlMount(
      line("/a", "resctrl", "/group") + line("/sys/fs/resc\\040trl", "resctrl"),
    ),
    "/sys/fs/resc trl",
  );
});

Deno.test("mismatch() compares masks and percentages as numbers", () => {
  assertEquals(mismatch("L3:0=7FF;1=0x7ff", DEFAULT), undefined);
  assertEquals(mismatch("MB: 1 = 100", DEFAULT), undefined);
  assertEquals(mismatch("L3:0=7ff;1=3", DEFAULT), "L3:1");
  assertEquals(mismatch("MB:2=100", DEFAULT), "MB:2");
  assertEquals(mismatch("L2:0=f", DEFAULT), "L2:0");
});

Deno.test("a group without a name is the container's, and goes with it", () => {
  using resctrl = new Resctrl();
  const groups = resctrl.groups({
    l3CacheSchema: "L3:0=f",
    memBwSchema: "MB:0=20",
    schemata: ["L3:1=f", "L2:0=3"],
    enableMonitoring: true,
  });
  assertEquals(resctrl.log, [], "nothing is done yet");
  const { root } = resctrl;
  assertEquals(groups.owned, [`${root}/box/mon_groups/box`, `${root}/box`]);
  groups.make();
  groups.join(42);
  assertEquals(resctrl.log.splice(0), [
    "mkdir box",
    "mkdir box/mon_groups/box",
    'write box/schemata "L3:0=f\\n"',
    'write box/schemata "MB:0=20\\n"',
    'write box/schemata "L3:1=f\\nL2:0=3\\n"',
    'write box/tasks "42\\n"',
    'write box/mon_groups/box/tasks "42\\n"',
  ]);
  groups.undo();
  assertEquals(resctrl.log, ["rmdir box/mon_groups/box", "rmdir box"]);
});

Deno.test("no schemata are written when none are given", () => {
  using resctrl = new Resctrl();
  const groups = resctrl.groups({});
  groups.make();
  groups.join(1);
  assertEquals(resctrl.log, ["mkdir box", 'write box/tasks "1\\n"']);
});

Deno.test("a group with a name stays; it has to be there without schemata", () => {
  using resctrl = new Resctrl();
  const named = resctrl.groups({ closID: "gold", schemata: ["MB:0=50"] });
  assertEquals(named.owned, []);
  named.make();
  named.undo();
  assertEquals(resctrl.log.splice(0), [
    "mkdir gold",
    'write gold/schemata "MB:0=50\\n"',
    "rmdir gold", // nobody has come to use it
  ]);
  const error = assertThrows(
    () => resctrl.groups({ closID: "gold" }),
    RuntimeError,
  );
  assertMatch(error.message, /intelRdt\.closID: there is no group "gold"/);
  resctrl.make("gold");
  const there = resctrl.groups({ closID: "gold", enableMonitoring: true });
  assertEquals(there.owned, [`${resctrl.root}/gold/mon_groups/box`]);
  there.make();
  there.undo();
  assertEquals(resctrl.log.splice(0), [
    "mkdir gold/mon_groups/box",
    "rmdir gold/mon_groups/box",
  ]);
});

Deno.test("a group that is there has to have the schemata", () => {
  using resctrl = new Resctrl();
  resctrl.make("gold");
  resctrl.groups({ closID: "gold", l3CacheSchema: "L3:0=7ff" });
  for (
    const [rdt, message] of [
      [{ l3CacheSchema: "L3:0=1" }, /l3CacheSchema: .* another value of L3:0/],
      [{ memBwSchema: "MB:1=10" }, /memBwSchema: .* another value of MB:1/],
    ] as const
  ) {
    const error = assertThrows(
      () => resctrl.groups({ closID: "gold", ...rdt }),
      RuntimeError,
    );
    assertMatch(error.message, message);
  }
});

Deno.test('the group "/" is that of all processes', () => {
  using resctrl = new Resctrl();
  const groups = resctrl.groups({ closID: "/" });
  groups.make();
  groups.join(7);
  assertEquals([groups.owned, resctrl.log], [[], ['write tasks "7\\n"']]);
});

Deno.test("a refused write tells what and why", () => {
  using resctrl = new Resctrl();
  Deno.mkdirSync(join(resctrl.root, "info"));
  const status = join(resctrl.root, "info/last_cmd_status");
  Deno.writeTextFileSync(status, "Unknown or unsupported resource name\n");
  resctrl.make("gold");
  Deno.removeSync(join(resctrl.root, "gold/schemata"));
  const groups = resctrl.groups({ closID: "gold", schemata: ["L9:0=1"] });
  const error = assertThrows(() => groups.make(), RuntimeError);
  assertMatch(
    error.message,
    /^Cannot use linux\.intelRdt\.schemata: cannot write "L9:0=1" to ".*\/gold\/schemata": No such file or directory \(Unknown or unsupported resource name\)$/,
  );
  assertThrows(() => resctrl.groups({ closID: "info" }), RuntimeError);
});

Deno.test("an update writes schemata, and takes back what fails later", () => {
  using fs = new Resctrl();
  fs.make("box");
  const groups = fs.groups({ closID: "box" });
  const putBack = groups.update({
    l3CacheSchema: "L3:0=f;1=f",
    memBwSchema: "MB:0=50;1=50",
  });
  assertEquals(fs.log.splice(0), [
    'write box/schemata "L3:0=f;1=f\\n"',
    'write box/schemata "MB:0=50;1=50\\n"',
  ]);
  putBack();
  assertEquals(fs.log.splice(0).length, 1);
});

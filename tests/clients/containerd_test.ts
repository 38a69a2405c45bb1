/** containerd with ctr, through each of its shims. */
import { defaultConfig, makeRootfs } from "../bundle.ts";
import { rootTest } from "../container.ts";
import { DAVIT, type Result } from "../davit.ts";
import { Containerd, IMAGES } from "./containerd.ts";
import { CTR_CONFIG_ROWS } from "./ctr_config_rows.ts";
import { CTR_ROWS, FINALE, PRELUDE } from "./ctr_rows.ts";
import { assertNoCgroups, type Machine, PROGRAMS } from "./machine.ts";
import { assertRow, compare, type Row, type ScriptRow } from "./table.ts";

const SHIMS = ["io.containerd.runc.v2", "io.containerd.runc.v1"];

/** A containerd whose containers run with one runtime, through one shim. */
interface Side {
  containerd: Containerd;
  runtime: string;
  shim: string;
}

let count = 0;

/** Runs a script of the tables on one side. */
async function script({ containerd, runtime, shim }: Side, text: string) {
  const id = `c${++count}`;
  const { machine, socket } = containerd;
  const env = {
    ID: id,
    IMAGE: IMAGES[0]!.name,
    NAMESPACE: machine.id,
    // ctr takes the flag with this shim only; the others find it on PATH.
    BINARY: shim.endsWith(".v2") ? `--runc-binary ${runtime}` : "",
    PRELUDE: machine.path("prelude.sh"),
    SHIM: shim,
    SOCKET: socket,
  };
  const load = `. ${env.PRELUDE}\n`;
  const result = await machine.run(["sh", "-c", load + text], { env });
  await machine.run(["sh", "-c", load + FINALE], { env });
  assertNoCgroups(`${machine.id}/${id}`);
  return result;
}

/** What the scripts find in their folder. */
function fillFolder(machine: Machine): void {
  Deno.writeTextFileSync(machine.outside("prelude.sh"), PRELUDE);
  Deno.mkdirSync(machine.outside("bundle"));
  makeRootfs(machine.outside("bundle/rootfs"));
  const config = defaultConfig("runc");
  config.root = { path: machine.path("bundle/rootfs"), readonly: false };
  config.process.args = ["sh", "SCRIPT"];
  config.linux.cgroupsPath = "CGROUP";
  config.linux.namespaces = config.linux.namespaces!.filter(({ type }) =>
    type !== "pid"
  );
  Deno.writeTextFileSync(
    machine.outside("bundle/host-pid.json"),
    JSON.stringify(config),
  );
}

async function startSide(runtime: string, shim: string): Promise<Side> {
  const containerd = await Containerd.start({ runtime });
  try {
    fillFolder(containerd.machine);
    await containerd.importImages(containerd.machine.id);
    return { containerd, runtime, shim };
  } catch (error) {
    await containerd[Symbol.asyncDispose]();
    throw error;
  }
}

/**
 * How often a row is run until all that it prints has come: ctr closes its end
 * of a program's output once the program has ended, and loses what it has not
 * read by then, with any runtime (containerd's issue 5741).
 */
const TRIES = 3;

/** Whether it ended as it should, and something else has come of it. */
function losesOutput({ prints, status = 0 }: ScriptRow, result: Result) {
  const text = (result.stdout + result.stderr).replaceAll("\r", "");
  return result.code === status && !prints.test(text);
}

/** A row as a test of one side. */
function rowOf(row: ScriptRow): Row<Side> {
  const run = async (side: Side) => {
    let result = await script(side, row.script);
    for (let tries = 1; tries < TRIES && losesOutput(row, result); tries++) {
      console.log(`${row.name}, ${side.runtime}: again, for its output`);
      result = await script(side, row.script);
    }
    assertRow(row, result);
  };
  return { ...row, run };
}

const ROWS = [...CTR_ROWS, ...CTR_CONFIG_ROWS].map(rowOf);

for (const shim of SHIMS) {
  rootTest(`ctr with ${shim}`, async (t) => {
    const control = await startSide("runc", shim);
    await using _ = control.containerd;
    const davit = await startSide(DAVIT, shim);
    await using __ = davit.containerd;
    await compare(t, `ctr with ${shim}`, ROWS, { control, davit });
  }, { programs: [...PROGRAMS, "containerd", "ctr", "runc", "script"] });
}

/**
 * The table of resources on this host and under another kernel, with cgroup v1
 * and with v2, beside runc and crun.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import { Container, onPath, rootTest } from "./container.ts";
import { assertSuccess, DAVIT, readIfThere, REPO, run } from "./davit.ts";
import { umlMissing, underUml } from "./uml.ts";
import {
  type Disk,
  type ResourceCase,
  resourceCases,
} from "./resource_cases.ts";

const PEERS = ["runc", "crun"].filter(onPath) as ("runc" | "crun")[];

/** What was printed of a case and a runtime: `create FILE` to its value. */
type Seen = ReadonlyMap<string, string>;

/** Whether something that a path with `*` stands for is there. */
function exists(pattern: string): boolean {
  const parts = pattern.split("/");
  const name = new RegExp(`^${parts.at(-1)!.replaceAll("*", ".*")}$`);
  const folder = parts.slice(0, -1).join("/");
  if (folder.includes("*")) {
    const above = parts.slice(0, -2).join("/");
    const start = parts.at(-2)!.replace("*", "");
    return names(above).some((entry) =>
      entry.startsWith(start) && exists(`${above}/${entry}/${parts.at(-1)}`)
    );
  }
  return names(folder).some((entry) => name.test(entry));
}

function names(folder: string): string[] {
  try {
    return Array.from(Deno.readDirSync(folder), ({ name }) => name);
  } catch {
    return [];
  }
}

/** A folder for the script, with the cases that there are. */
function writeCases(
  container: Container,
  cases: readonly ResourceCase[],
  layout: "v1" | "v2",
): string {
  const folder = `${container.folder}/table`;
  const config = JSON.parse(
    readIfThere(`${container.bundle}/config.json`),
  );
  // crun knows versions 1.0.x alone.
  config.ociVersion = "1.0.2";
  config.process.args = ["sleep", "1000"];
  config.linux.cgroupsPath = `/${container.id}`;
  for (const [index, one] of cases.entries()) {
    const path = `${folder}/cases/${index}`;
    Deno.mkdirSync(path, { recursive: true });
    const linux = { ...config.linux, resources: one.resources };
    const write = (name: string, text: string) =>
      Deno.writeTextFileSync(`${path}/${name}`, text);
    write("config.json", JSON.stringify({ ...config, linux }));
    for (const [number, update] of (one.updates ?? []).entries()) {
      const json = `update${number + 1}.json`;
      const isFile = !Array.isArray(update);
      if (isFile) write(json, JSON.stringify(update));
      const args = isFile ? ["--resources", `${path}/${json}`] : update;
      write(`update${number + 1}`, lines(args));
    }
    write("files", lines(Object.keys(one[layout]?.files ?? {})));
  }
  Deno.renameSync(container.bundle, `${folder}/bundle`);
  return folder;
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}

/** The lines of the script by case and runtime. */
function parse(
  output: string,
  cases: readonly ResourceCase[],
): Map<ResourceCase, Map<string, Seen>> {
  const found = new Map<ResourceCase, Map<string, Map<string, string>>>();
  for (const line of output.split("\n")) {
    const [where, runtime = "", step, file, value = ""] = line.split("\t");
    const one = cases[Number(where)];
    if (one === undefined || step === undefined) continue;
    const runtimes = found.get(one) ?? new Map<string, Map<string, string>>();
    const seen = runtimes.get(runtime) ?? new Map<string, string>();
    seen.set(`${step} ${file}`, value.replace(/\|$/, ""));
    found.set(one, runtimes.set(runtime, seen));
  }
  return found;
}

/** Holds what Davit did against the table. */
function checkOwn(one: ResourceCase, layout: "v1" | "v2", seen: Seen): void {
  const { files = {}, refused, updateRefused } = one[layout]!;
  const wanted = new Map<string, string>();
  for (const [file, values] of Object.entries(files)) {
    for (const [step, value] of values.entries()) {
      wanted.set(`${step === 0 ? "create" : `update${step}`} ${file}`, value);
    }
  }
  const found = new Map(seen);
  const words = refused ?? updateRefused;
  if (words !== undefined) {
    const step = refused ? "create" : `update${one.updates!.length}`;
    assertMatch(found.get(`${step} !`) ?? "", words, one.name);
    found.delete(`${step} !`);
  }
  assertEquals(sorted(found), sorted(wanted), one.name);
}

function sorted(map: Seen): [string, string][] {
  return [...map].sort(([a], [b]) => a < b ? -1 : 1);
}

/** A peer that gives up on the host's layout, whatever it is asked for. */
const GIVES_UP = /cgroups in hybrid mode not supported/;

/** What a peer did otherwise, but for what the table tells of. */
function unexplained(
  { differs = [], name }: ResourceCase,
  peer: "runc" | "crun",
  own: Seen,
  theirs: Seen,
): string[] {
  if (GIVES_UP.test(theirs.get("create !") ?? "")) return [];
  const found: string[] = [];
  for (const what of inOrder(own, theirs)) {
    const [a, b] = [own.get(what), theirs.get(what)];
    const failure = what.endsWith("!");
    if (failure ? (a === undefined) === (b === undefined) : a === b) continue;
    const told = differs.some((one) =>
      one.peers.includes(peer) && one.what.test(what)
    );
    const values = `${JSON.stringify(a)}, ${peer} ${JSON.stringify(b)}`;
    if (!told) found.push(`${name}: ${what}: ${values}`);
    // Where only one of them did it, there is nothing more to compare.
    if (failure) break;
  }
  return found;
}

/** What was seen, step by step, each step's failure first. */
function inOrder(...all: readonly Seen[]): string[] {
  const whats = new Set(all.flatMap((seen) => [...seen.keys()]));
  return [...whats].sort((a, b) => {
    const [stepA, stepB] = [a.split(" ")[0]!, b.split(" ")[0]!];
    if (stepA !== stepB) return stepA < stepB ? -1 : 1;
    return a.endsWith("!") ? -1 : b.endsWith("!") ? 1 : 0;
  });
}

/** Runs the table's cases and holds them against the table and the peers. */
async function table(
  layout: "v1" | "v2",
  cases: readonly ResourceCase[],
  runScript: (command: readonly string[]) => Promise<string>,
): Promise<void> {
  await using container = new Container();
  const folder = writeCases(container, cases, layout);
  const script = `${REPO}/tests/resource_table.sh`;
  const output = await runScript(
    ["sh", script, folder, container.id, DAVIT, ...PEERS],
  );
  const found = parse(output, cases);
  const differences: string[] = [];
  for (const one of cases) {
    const runtimes = found.get(one) ?? new Map<string, Seen>();
    const own = runtimes.get("davit") ?? new Map();
    checkOwn(one, layout, own);
    for (const peer of PEERS) {
      const theirs = runtimes.get(peer) ?? new Map();
      differences.push(...unexplained(one, peer, own, theirs));
    }
  }
  assertEquals(differences, []);
  assert(found.size === cases.length, `only ${found.size} cases`);
}

/** Any block device of this host: its limits are those of the test's cgroup. */
function hostDisk(): Disk {
  const name = names("/sys/block")[0] ?? "none";
  const [major, minor] = readIfThere(`/sys/block/${name}/dev`).trim().split(
    ":",
  );
  return { major: Number(major), minor: Number(minor) };
}

const hostLayout = readIfThere("/proc/self/mountinfo").includes(
    " - cgroup cgroup ",
  )
  ? "v1"
  : "v2";

rootTest("resources: the table on this host", async () => {
  const cases = resourceCases(hostDisk()).filter((one) =>
    one[hostLayout] !== undefined && (one.needs ?? []).every(exists)
  );
  await table(
    hostLayout,
    cases,
    async (command) =>
      assertSuccess(await run(command, { timeout: 200 })).stdout,
  );
}, {
  missing: names("/sys/block").length === 0 ? "a block device" : undefined,
});

/** crun wants each controller of v1 where systemd puts a link to it. */
const LINKS =
  "cd /sys/fs/cgroup; [ -d cpu,cpuacct ] && ln -s cpu,cpuacct cpu; " +
  'exec "$@"';

for (const layout of ["v1", "v2"] as const) {
  rootTest(
    `resources: the table under another kernel, cgroup ${layout}`,
    async () => {
      const disk = Deno.makeTempFileSync({ prefix: "davit-disk." });
      Deno.truncateSync(disk, 1 << 20);
      // What UML has as ubda.
      const cases = resourceCases({ major: 98, minor: 0 }).filter((one) =>
        one[layout] !== undefined &&
        (one.needs === undefined || one[layout]?.refused !== undefined)
      );
      try {
        await table(
          layout,
          cases,
          async (command) =>
            assertSuccess(
              await underUml(layout, ["sh", "-c", LINKS, "sh", ...command], {
                disk,
              }),
            ).stdout,
        );
      } finally {
        Deno.removeSync(disk);
      }
    },
    { missing: umlMissing() },
  );
}

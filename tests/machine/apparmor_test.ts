/** Profiles of AppArmor, under a kernel that has it, beside runc and crun. */
import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path/posix";
import { readConfig, writeConfig } from "../bundle.ts";
import { Container, onPath, rootTest } from "../container.ts";
import { DAVIT } from "../davit.ts";
import { machineMissing, underDebian } from "./debian.ts";

const PEERS = ["runc", "crun"].filter(onPath);

const PROFILES = `
profile davit-small flags=(attach_disconnected,mediate_deleted) {
  file,
  capability,
  network,
  mount,
  umount,
  signal,
  ptrace,
  deny /etc/secret rw,
}
profile davit-smaller flags=(attach_disconnected,mediate_deleted) {
  signal,
  file,
  deny /etc/secret rw,
  deny /etc/passwd r,
}
`;

/** What a process has, and what it may read. */
const LOOK = "cat /proc/self/attr/current; for f in secret passwd; do " +
  'cat /etc/$f >/dev/null 2>&1 && echo "reads $f" || echo "no $f"; done';

/** A bundle and what `run` of it is to say. */
interface Row {
  readonly profile: string;
  readonly noNewPrivileges: boolean;
  /** Words; a regular expression is a refusal's. */
  readonly wanted: string | RegExp;
}

const SMALL = "davit-small (enforce)|no secret|reads passwd|";
const SMALLER = "davit-smaller (enforce)|no secret|no passwd|";
const UNLOADED =
  /^Cannot set the AppArmor profile nosuch \(process\.apparmorProfile\): No such file or directory; the kernel has no such profile: load /;

const ROWS: readonly Row[] = [false, true].flatMap((noNewPrivileges) => [
  { profile: "davit-small", noNewPrivileges, wanted: SMALL },
  {
    profile: "davit-small//&davit-smaller",
    noNewPrivileges,
    wanted: "davit-small//&davit-smaller (enforce)|no secret|no passwd|",
  },
  {
    profile: "unconfined",
    noNewPrivileges,
    wanted: "unconfined|reads secret|reads passwd|",
  },
  { profile: "nosuch", noNewPrivileges, wanted: UNLOADED },
]);

/** Options of exec, in a container with the first profile. */
const EXECS: readonly [string, string | RegExp][] = [
  ["", SMALL],
  ["--apparmor davit-smaller", SMALLER],
  ["--no-new-privs --apparmor davit-smaller", SMALLER],
  ["--apparmor nosuch", UNLOADED],
];

rootTest("AppArmor's profiles confine run, create and exec", async () => {
  await using container = new Container();
  const { id, rootfs } = container;
  Deno.writeTextFileSync(join(rootfs, "etc/secret"), "secret\n");
  Deno.writeTextFileSync(join(container.folder, "profiles"), PROFILES);
  const script = [
    `cd ${container.folder}; export NO_COLOR=1`,
    "$M/apparmor_parser --quiet --skip-cache --replace profiles || exit 3",
    // One line of each: where it is from, and what it said.
    'say() { local where=$1; shift; echo "$where: $("$@" 2>&1 </dev/null | tr "\\n" "|")"; }',
  ];
  const bundle = (name: string, row: Row, args: string[]): string => {
    const path = join(container.folder, name);
    Deno.mkdirSync(path);
    const config = readConfig(container.bundle);
    // crun knows versions 1.0.x alone.
    config.ociVersion = "1.0.2";
    config.root.path = rootfs;
    config.process.args = args;
    config.process["apparmorProfile"] = row.profile;
    config.process["noNewPrivileges"] = row.noNewPrivileges;
    writeConfig(path, config);
    return path;
  };
  const wanted: [string, string | RegExp][] = [];
  for (const [index, row] of ROWS.entries()) {
    const path = bundle(`run${index}`, row, ["sh", "-c", LOOK]);
    for (const runtime of [DAVIT, ...PEERS]) {
      const where = `run${index} ${runtime}`;
      script.push(`say "${where}" ${runtime} run --bundle ${path} ${id}`);
      const own = runtime === DAVIT || typeof row.wanted === "string";
      wanted.push([where, own ? row.wanted : /No such file or directory/i]);
    }
  }
  const path = bundle("exec", ROWS[0]!, ["sleep", "1000"]);
  script.push(`LOOK='${LOOK}'`);
  for (const runtime of [DAVIT, ...PEERS.filter((peer) => peer === "runc")]) {
    script.push(
      `${runtime} create --bundle ${path} ${id} </dev/null >out 2>&1 || cat out`,
      `${runtime} start ${id}`,
      // runc's state is JSON in lines, Davit's too.
      `pid=$(${runtime} state ${id} | sed -n 's/.*"pid": \\([0-9]*\\).*/\\1/p')`,
      `say "start ${runtime}" cat "/proc/$pid/attr/current"`,
    );
    wanted.push([`start ${runtime}`, "davit-small (enforce)|"]);
    for (const [options, text] of EXECS) {
      const where = `exec ${options} ${runtime}`;
      script.push(
        `say "${where}" ${runtime} exec ${options} ${id} sh -c "$LOOK"`,
      );
      const own = runtime === DAVIT || typeof text === "string";
      wanted.push([where, own ? text : /no such file or directory/]);
    }
    script.push(`${runtime} delete --force ${id}`);
  }
  const { code, stdout, stderr } = await underDebian(
    "v2",
    script.join("\n"),
    200,
  );
  const lines = stdout.split("\n");
  assertEquals(code, 0, `${stdout}\n${stderr}`);
  for (const [where, text] of wanted) {
    const line = lines.find((line) => line.startsWith(`${where}: `));
    const said = line?.slice(where.length + 2) ?? "";
    if (typeof text === "string") {
      assertEquals(said, text, `${where}\n${stdout}`);
    } else assertMatch(said, text, where);
  }
}, {
  missing: machineMissing(),
});

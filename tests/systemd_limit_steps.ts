/** The table of limits through a systemd scope, with Davit, runc and crun. */
import { assertEquals } from "@std/assert";
import { CASES, type LimitCase } from "./systemd_cases.ts";
import type { Step } from "./systemd_job.ts";

const RUNTIMES = ["davit", "runc", "crun"] as const;

/** Makes a container, updates it, deletes it, and looks at the limits. */
function script(
  one: LimitCase,
  runtime: string,
  id: string,
  asUser: boolean,
): string {
  const files = Object.keys(one.files).join(" ");
  const update = JSON.stringify(one.update);
  // crun has a cgroup of its own below the scope.
  const [call, folder] = runtime === "davit"
    ? ["$D", "scope"]
    : [runtime, runtime === "crun" ? "cgroup" : "scope"];
  // It takes seconds: once is enough of each case.
  const reload = runtime !== "davit" || asUser ? "" : `systemctl daemon-reload
echo reloaded; values $S ${files}`;
  return `R="${call}"
$R --systemd-cgroup create --bundle "$B/${runtime}" ${id} >out 2>&1 || cat out
S=$(${folder} ${id})
echo created; values $S ${files}
echo '${update}' | $R update --resources - ${id}
echo updated; values $S ${files}
${reload}
$R delete --force ${id}
echo deleted; left ${id}`;
}

/** What a step printed: what the kernel reported, by phase. */
function parse(output: string): Record<string, Record<string, string>> {
  const phases: Record<string, Record<string, string>> = {};
  let phase = "";
  for (const line of output.trimEnd().split("\n")) {
    const [file = "", value] = line.split("=");
    if (value === undefined) phases[phase = line] = {};
    else phases[phase]![file] = value;
  }
  return phases;
}

/** The steps of the table, as root or as an ordinary user. */
export function limitSteps(asUser: boolean): Step[] {
  return CASES.flatMap((one, i) =>
    RUNTIMES.filter((runtime) => !one.without?.includes(runtime))
      .map((runtime): Step => {
        const who = asUser ? "a user's" : "root's";
        return {
          name: `${who} limits: ${one.name}: ${runtime}`,
          asUser,
          script: script(one, runtime, `l${i}-${runtime}`, asUser),
          bundles: {
            [runtime]: (config) => {
              config.linux.resources = { ...one.create };
            },
          },
          check: (output) => checkTable(one, runtime, output),
        };
      })
  );
}

function checkTable(one: LimitCase, runtime: string, output: string): void {
  const differs = one.peers?.[runtime]?.files ?? [];
  const same = (values: Readonly<Record<string, string>> = {}) =>
    Object.fromEntries(
      Object.entries(values).filter(([file]) => !differs.includes(file)),
    );
  const expected = (index: 0 | 1) =>
    Object.fromEntries(
      Object.entries(one.files).map(([file, values]) => [file, values[index]]),
    );
  const found = parse(output);
  assertEquals(same(found["created"]), same(expected(0)), output);
  assertEquals(same(found["updated"]), same(expected(1)), output);
  const { reloaded } = found;
  if (reloaded !== undefined) {
    const other = { ...expected(1), ...one.reloaded };
    assertEquals(same(reloaded), same(other), output);
  }
  assertEquals(found["deleted"], {}, output);
}

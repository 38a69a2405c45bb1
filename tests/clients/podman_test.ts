/** podman with conmon and buildah, as root and as an ordinary user. */
import { assertEquals } from "@std/assert";
import { rootTest } from "../container.ts";
import { DAVIT } from "../davit.ts";
import { isThere, PROGRAMS } from "./machine.ts";
import { Podman } from "./podman.ts";
import { assertCase, type PodmanCase } from "./podman_case.ts";
import { GROUPS } from "./podman_group.ts";
import { ISOLATION } from "./podman_isolation.ts";
import { LIFE_CASES } from "./podman_life.ts";
import { RUN } from "./podman_run.ts";
import { STORAGE } from "./podman_storage.ts";
import { TALK } from "./podman_talk.ts";
import { compare, type Row } from "./table.ts";

const CASES = [
  ...RUN,
  ...LIFE_CASES,
  ...TALK,
  ...ISOLATION,
  ...STORAGE,
  ...GROUPS,
];
/** Rows that run at the same time: podman waits more than it works. */
const AT_ONCE = 4;

/** What makes podman's networks; no folder of PATH has it. */
const NETAVARK = "/usr/lib/podman/netavark";

/** A row as a test of one side. */
function rowOf(row: PodmanCase): Row<Podman> {
  return {
    ...row,
    run: async (podman) => assertCase(row, await podman.run(row)),
  };
}

const REMOVED: Row<Podman> = {
  name: "nothing is left when all is removed",
  run: async (podman) => assertEquals(await podman.removeAll(), ""),
  fast: true,
};

const needs = {
  programs: [
    ...PROGRAMS,
    ..."podman conmon buildah catatonit newuidmap slirp4netns".split(" "),
    ..."runc setpriv script pgrep".split(" "),
  ],
  missing: !isThere(NETAVARK)
    ? "netavark"
    : DAVIT.endsWith("scripts/davit")
    ? "the compiled binary"
    : undefined,
};

for (const who of ["root", "user"] as const) {
  const name = `podman as ${who === "root" ? "root" : "an ordinary user"}`;
  rootTest(name, async (t) => {
    await using control = await Podman.start("runc", who === "user");
    await using davit = await Podman.start(DAVIT, who === "user");
    const rows = CASES.filter(({ as = who }) => as === who).map(rowOf);
    const sides = { control, davit };
    await compare(t, name, rows, sides, { atOnce: AT_ONCE, last: REMOVED });
  }, needs);
}

import { assertEquals } from "@std/assert";
import { existing, withRoot } from "./fake_cgroups.ts";
import { metMemoryLimit, oomKills } from "./oom.ts";

const control = (kills: number) => ({
  "memory.oom_control": `oom_kill_disable 0\nunder_oom 0\noom_kill ${kills}\n`,
});
const events = (max: number, kills: number) => ({
  "memory.events":
    `low 0\nhigh 0\nmax ${max}\noom 3\noom_kill ${kills}\noom_group_kill 9\n`,
});

Deno.test(
  "oomKills() counts v1's sub-cgroups, v2 counts them itself",
  withRoot((root) => {
    existing(`${root}/pids`, {});
    existing(`${root}/v1`, control(2));
    existing(`${root}/v1/a`, control(0));
    existing(`${root}/v1/a/b`, control(3));
    existing(`${root}/v2`, events(1, 4));
    existing(`${root}/v2/a`, events(1, 4));
    assertEquals(oomKills([`${root}/pids`, `${root}/v1`]), 5);
    assertEquals(oomKills([`${root}/pids`, `${root}/v2`]), 4);
    assertEquals(oomKills([`${root}/pids`]), undefined);
    assertEquals(oomKills([`${root}/gone`]), undefined);
  }),
);

Deno.test(
  "metMemoryLimit() tells the container's own limit from others",
  withRoot((root) => {
    const met = (files: Record<string, string>) => {
      existing(`${root}/c1`, files);
      const found = metMemoryLimit([`${root}/pids`, `${root}/c1`]);
      Deno.removeSync(`${root}/c1`, { recursive: true });
      return found;
    };
    assertEquals(met(events(1, 1)), true);
    assertEquals(met(events(0, 1)), false);
    const legacy = (limit: number, max: number) => ({
      "memory.failcnt": "0\n",
      "memory.limit_in_bytes": `${limit}\n`,
      "memory.max_usage_in_bytes": `${max}\n`,
    });
    assertEquals(met(legacy(8388608, 8384512)), true);
    assertEquals(met(legacy(8388608, 4194304)), false);
    assertEquals(
      met({ ...legacy(8388608, 4194304), "memory.failcnt": "2\n" }),
      true,
    );
    assertEquals(met(legacy(2 ** 63, 4194304)), false);
    assertEquals(met({}), false);
  }),
);

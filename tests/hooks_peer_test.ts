/** Hooks beside runc's. */
import { assertEquals } from "@std/assert";
import { busybox } from "./bundle.ts";
import { containerTest, script } from "./container.ts";
import { assertSuccess, run } from "./davit.ts";
import { KINDS, noted, setHooks } from "./hooks.ts";

/** What a hook sees of itself. */
const SEE = "cat; echo; pwd; umask; " +
  "grep -E '^(Cap|NoNewPrivs|Uid|Gid|Groups)' /proc/self/status";

containerTest(
  "hooks see what runc's see",
  script("exec sleep 100", (config) => {
    config.root.readonly = false;
  }),
  async (c) => {
    Deno.chmodSync(`${c.rootfs}/tmp`, 0o777);
    const seen = async (runtime: (...args: string[]) => string[]) => {
      const hooks = KINDS.map((kind) => {
        const folder = kind === "startContainer" ? "/tmp" : `${c.rootfs}/tmp`;
        const hook = {
          path: busybox()!,
          args: ["sh", "-c", `exec >${folder}/${kind}; ${SEE}`],
          env: ["PATH=/bin"],
        };
        return [kind, [hook]];
      });
      setHooks(c, Object.fromEntries(hooks));
      assertSuccess(await run(runtime("create", "-b", c.bundle, c.id)));
      assertSuccess(await run(runtime("start", c.id)));
      assertSuccess(await run(runtime("delete", "-f", c.id)));
      return Object.fromEntries(KINDS.map((kind) => {
        const text = noted(c, `rootfs/tmp/${kind}`);
        return [
          kind,
          text.replace(/"pid":\d{2,}/, '"pid":N')
            .replace(/"ociVersion":"[^"]*"/, '"ociVersion":"V"'),
        ];
      }));
    };
    const ours = await seen((...args) => c.words(...args));
    const theirs = await seen((...args) => [
      "runc",
      "--root",
      `${c.folder}/runc`,
      ...args,
    ]);
    // "created" is after step 2 of the life cycle, "running" after step 8.
    const expected = Object.fromEntries(
      Object.entries(theirs).map(([kind, text]) => [
        kind,
        text.replace('"status":"creating"', '"status":"created"')
          .replace(
            kind === "poststart" ? '"status":"created"' : "\0",
            '"status":"running"',
          )
          .replace('"stopped",', '"stopped","pid":0,'),
      ]),
    );
    // runc's delete has not gone into the bundle.
    const { poststop: end = "", ...others } = ours;
    const { poststop: wanted = "", ...wantedOthers } = expected;
    assertEquals(others, wantedOthers);
    assertEquals(end.replace(`\n${c.bundle}\n`, `\n${Deno.cwd()}\n`), wanted);
  },
  { programs: ["runc"] },
);

/** The tutorial's commands print what it says. */
import { assert, assertEquals } from "@std/assert";
import { busybox } from "./bundle.ts";
import { rootTest } from "./container.ts";
import { DAVIT, readIfThere, REPO, run } from "./davit.ts";

/** A command, and what it prints. */
interface Step {
  readonly command: string;
  readonly expected: string[];
  readonly status: number;
}

/** The steps of the blocks marked `console`. */
function steps(markdown: string): Step[] {
  const blocks = markdown.matchAll(/^```console\n(.*?)^```$/gms);
  return [...blocks].flatMap(([, block = ""]) =>
    block.split(/^\$ /m).slice(1).map((text) => {
      const [command = "", ...lines] = text.trimEnd().split("\n");
      const status = lines.at(-1)?.startsWith("? ")
        ? Number(lines.pop()!.slice(2))
        : 0;
      return { command, expected: lines, status };
    })
  );
}

/** Whether lines are as expected; `...` alone stands for any lines. */
function fits(lines: readonly string[], expected: readonly string[]): boolean {
  const [first, ...rest] = expected;
  if (first === undefined) return lines.length === 0;
  if (first === "...") {
    return lines.some((_, i) => fits(lines.slice(i), rest)) ||
      fits([], rest);
  }
  const [line, ...more] = lines;
  if (line === undefined) return false;
  const parts = first.split("...").map((part) =>
    part.replace(/[.*+?^${}()|[\]\\]/g, "\\$&").replaceAll(" ", " +")
  );
  return new RegExp(`^${parts.join(".*")}$`).test(line) && fits(more, rest);
}

Deno.test("a step's output is compared with gaps", () => {
  assert(fits(["a", "b", "c"], ["a", "...", "c"]));
  assert(fits(["a  1 c"], ["a ... c"]));
  assert(!fits(["a", "b"], ["a"]));
  assert(!fits(["a"], ["a", "b"]));
});

rootTest("the tutorial's commands print what it says", async () => {
  const list = steps(readIfThere(`${REPO}/docs/tutorial.md`));
  assert(list.length > 20, `${list.length} steps`);
  const folder = Deno.makeTempDirSync({ prefix: "davit-tutorial." });
  try {
    Deno.mkdirSync(`${folder}/bin`);
    Deno.symlinkSync(DAVIT, `${folder}/bin/davit`);
    Deno.mkdirSync(`${folder}/work`);
    let place = `${folder}/work`;
    for (const { command, expected, status } of list) {
      const script = `{ ${command}\n} 2>&1; s=$?; pwd >"$0"; exit $s`;
      const { code, stdout } = await run(
        ["bash", "-c", script, `${folder}/pwd`],
        {
          cwd: place,
          env: {
            PATH: `${folder}/bin:${Deno.env.get("PATH")}`,
            XDG_RUNTIME_DIR: `${folder}/run`,
          },
        },
      );
      assertEquals(code, status, `${command}\n${stdout}`);
      const lines = stdout === "" ? [] : stdout.trimEnd().split("\n");
      // What is said of nothing is not told.
      if (expected.length > 0 || status === 0) {
        assert(
          fits(lines, expected),
          `${command}\nexpected: ${expected.join("\n")}\nfound: ${stdout}`,
        );
      }
      place = readIfThere(`${folder}/pwd`).trim() || place;
    }
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}, {
  programs: ["jq", "bash"],
  missing: busybox() === "/bin/busybox" ? undefined : "/bin/busybox",
});

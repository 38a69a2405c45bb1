import { planBundle } from "../oci/bundle_plan.ts";
import { variable } from "../oci/variables.ts";
import type { Command } from "./command.ts";
import { currentDirectory } from "./current_directory.ts";
import type { Option } from "./options.ts";
import { writeOut } from "./output.ts";
import { planText } from "./plan_text.ts";

const OPTIONS = [
  { name: "id", value: "id", help: 'the container\'s ID (default: "plan")' },
  { name: "calls", help: "print the launch program's system calls as well" },
  { name: "json", help: "print one JSON object, for programs" },
  {
    name: "strict",
    help: "refuse a config.json with unknown properties, or null for none",
  },
] as const satisfies readonly Option[];

/** `davit plan`: what create and start would do. */
export const command: Command<typeof OPTIONS> = {
  summary: "print what creating a container would do",
  about:
    `Prints what "davit create" and "davit start" would do with a bundle, the
current directory if none is named: processes, namespaces, cgroups with every
file, mounts in their order, credentials, limits, seccomp, hooks, and with
"--calls" every system call of the launch program. Each line has its reason and
the place in config.json that asked for it. Nothing is touched, and no
privileges are needed. "docs/plan.md" describes the JSON.`,
  arguments: {
    synopsis: "[bundle]",
    expected: "at most one bundle",
    min: 0,
    max: 1,
    id: false,
  },
  options: OPTIONS,
  async run({ cgroupManager, options, args: [bundle = currentDirectory()] }) {
    const plan = await planBundle({
      bundle,
      id: options.id ?? "plan",
      cgroupManager,
      strict: options.strict === true,
    });
    if (options.json) {
      const { calls: _, ...rest } = plan;
      const shown = options.calls ? plan : rest;
      writeOut(`${JSON.stringify(shown, null, 2)}\n`);
      return 0;
    }
    const colour = Deno.stdout.isTerminal() && !variable("NO_COLOR");
    writeOut(planText(plan, { calls: options.calls === true, colour }));
    return 0;
  },
};

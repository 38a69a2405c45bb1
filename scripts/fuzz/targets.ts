/**
 * What comes from others, and what takes it.
 *
 * @module
 */

import { CgroupError } from "../../cgroup/error.ts";
import { cgroupLayout } from "../../cgroup/layout.ts";
import { HYBRID, LEGACY, UNIFIED } from "../../cgroup/recorded_mountinfo.ts";
import { statistics } from "../../cgroup/statistics/statistics.ts";
import { parseSubCgroups, parseUser } from "../../cmd/exec_options.ts";
import { signalNumber } from "../../ffi/signals.ts";
import { describeError } from "../../cmd/report.ts";
import { compile } from "../../launch/compile.ts";
import { failedStep } from "../../launch/launch.ts";
import { MESSAGE_SIZE, parseMessage } from "../../launch/messages.ts";
import { PlanBuilder } from "../../launch/plan.ts";
import { planLaunch } from "../../launch/compile.ts";
import { layOut } from "../../launch/program.ts";
import {
  instruction,
  readString,
  readStrings,
} from "../../launch/testdata/reader.ts";
import { defaultSpec } from "../../oci/default_spec.ts";
import { ConfigError, RuntimeError } from "../../oci/errors.ts";
import { JsonTextError, parseJson } from "../../oci/json_text.ts";
import { lower } from "../../oci/lower.ts";
import { parseMountOptions } from "../../oci/mount_options.ts";
import { relayed } from "../../oci/notify.ts";
import { ofProcesses } from "../../oci/ps.ts";
import { lowerSeccomp } from "../../oci/seccomp_part.ts";
import { readRecord } from "../../oci/store.ts";
import type { Spec } from "../../oci/spec.ts";
import {
  validate,
  validateProcess,
  validateResources,
} from "../../oci/validate.ts";
import { fullConfig } from "../../tests/full_config.ts";
import { mutate } from "../../tests/mutate.ts";
import { COMMAND_LINES } from "./command_lines.ts";
import { changeBytes, changeText, type Random, type Target } from "./run.ts";

const CONFIG = JSON.parse(
  JSON.stringify(defaultSpec({ cgroupNamespace: true })),
);
const FULL = fullConfig();
const CONFIG_TEXT = new TextEncoder().encode(JSON.stringify(CONFIG));

/** Refusals that a user can read; anything else is a fault. */
function accepts(
  take: () => void,
  ...refusals: (abstract new (...args: never[]) => Error)[]
): boolean {
  try {
    take();
    return true;
  } catch (error) {
    const expected = refusals.some((refusal) => error instanceof refusal);
    if (!expected) throw error;
    const { message } = error as Error;
    if (message.length === 0 || message.length > 60_000) {
      throw new Error(`the message has ${message.length} characters`);
    }
    return false;
  }
}

/** ECMAScript has it, the compiler's library does not yet. */
const RAW = JSON as unknown as { rawJSON(text: string): unknown };

/** A value as the text of a file. */
function json(value: unknown): Uint8Array<ArrayBuffer> {
  const text = JSON.stringify(
    value,
    (_name, v) => typeof v === "bigint" ? RAW.rawJSON(`${v}`) : v,
  );
  return new TextEncoder().encode(text ?? "null");
}

/** A changed value as a file gives it: without what is null. */
function changed(value: unknown, random: Random): unknown {
  return parseJson(json(mutate(value, random)));
}

/** The plan of a configuration. */
function planOf(config: Spec) {
  return planLaunch(lower(config, {
    id: "fuzz",
    bundle: "/no/such/bundle",
    layout: cgroupLayout(HYBRID),
    cgroupDirectories: ["/sys/fs/cgroup/cpu/fuzz"],
    noPivot: false,
    preserveFds: 0,
  }));
}

/** A configuration, checked and if it is sound brought to a program. */
function takeConfig(config: unknown): boolean {
  const { errors } = validate(config);
  if (errors.length > 0) return !new ConfigError(errors).message;
  return accepts(
    () => {
      compile(planOf(config as Spec), "x86_64");
    },
    RuntimeError,
    CgroupError,
  );
}

const PLAN = planOf(CONFIG);

const RECORD = {
  ociVersion: "1.3.0",
  id: "fuzz",
  sandboxId: "fuzz",
  bundle: "/b",
  rootfs: "/b/rootfs",
  created: "2026-01-01T00:00:00Z",
  owner: 0,
  annotations: { a: "b" },
  status: "created",
  init: { pid: 1, startTime: "5" },
  cgroups: { kind: "v1", directories: ["/c"], created: ["/c"] },
  cgroupsMade: true,
  resourceCgroups: [],
  reasons: { 5: { why: "w", pointer: "" } },
};

const PS =
  "UID   PID  PPID CMD\nroot    1     0 init\nroot   12     1 sh -c x\n";
const NOTIFY = "READY=1\nSTATUS=going\nMAINPID=5\nX=\n=\nFDSTORE=1";
const CGROUP_FILES: Readonly<Record<string, string>> = {
  "memory.stat": "anon 5\nfile 6\npgfault 7\n",
  "memory.events": "low 0\noom 1\noom_kill 1\n",
  "cpu.stat": "usage_usec 5\nuser_usec 3\nsystem_usec 2\n",
  "cpuset.cpus": "0-1\n",
  "io.stat": "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=0 dios=0\n",
  "pids.current": "5\n",
  "pids.max": "max\n",
  "memory.pressure": "some avg10=0.00 avg60=0.00 avg300=0.00 total=1\n" +
    "full avg10=0.00 avg60=0.00 avg300=0.00 total=0\n",
  "cgroup.procs": "1\n2\n",
};

/** Lengths around those where something may change, in bytes. */
const LENGTHS = [0, 1, 7, 8, 63, 64, 255, 256, 4095, 4096, 4097, 65535, 65536]
  .concat(65544, 1 << 20, (1 << 20) + 1);

function texts(random: Random): string[] {
  return Array.from({ length: 1 + random(4) }, () => {
    const length = LENGTHS[random(LENGTHS.length)]!;
    const unit = ["x", "ü", "\u{1f600}", "\\"][random(4)]!;
    const bytes = new TextEncoder().encode(unit).length;
    return unit.repeat(Math.ceil(length / bytes));
  });
}

/** Strings of any length come out of a program as they went in. */
function takeTexts(list: readonly string[]): boolean {
  const plan = new PlanBuilder()
    .call("execve", [list[0]!, { strings: list }, 0])
    .build();
  const program = layOut(plan, "x86_64");
  const { args } = instruction(program, 0);
  const found = [
    readString(program, args[0]!),
    ...readStrings(program, args[1]!),
  ];
  const wanted = [list[0]!, ...list];
  if (found.some((text, i) => text !== wanted[i])) {
    throw new Error("a string is another one");
  }
  return true;
}

/** The targets; those with files use a folder of their own. */
export function targets(folder: string): Target[] {
  Deno.mkdirSync(`${folder}/fuzz`);
  Deno.mkdirSync(`${folder}/cgroup`);
  return [
    {
      name: "config.json, changed",
      make: (random) => changed(random(2) ? CONFIG : FULL, random),
      take: takeConfig,
    },
    {
      name: "config.json, bytes",
      make: (random) => changeBytes(CONFIG_TEXT, random),
      take: (bytes: Uint8Array) => {
        let value: unknown;
        const read = accepts(() => {
          value = parseJson(bytes);
        }, JsonTextError);
        return read && takeConfig(value);
      },
    },
    {
      name: "exec --process",
      make: (random) => changed(FULL["process"], random),
      take: (value) => validateProcess(value).errors.length === 0,
    },
    {
      name: "update --resources",
      make: (random) =>
        changed((FULL["linux"] as { resources: unknown }).resources, random),
      take: (value) => validateResources(value).errors.length === 0,
    },
    {
      name: "seccomp profiles",
      make: (random) =>
        changed((FULL["linux"] as { seccomp: unknown }).seccomp, random),
      take: (seccomp) => {
        const config = { ...CONFIG, linux: { ...CONFIG.linux, seccomp } };
        if (validate(config).errors.length > 0) return false;
        return accepts(() => {
          if (seccomp) lowerSeccomp(seccomp, "x86_64");
        }, RangeError);
      },
    },
    {
      name: "mount options",
      make: (random) => [
        changeText("ro,rnosuid,size=5k,rbind,idmap,rprivate", random),
      ],
      take: (options: string[]) => {
        parseMountOptions(options.flatMap((text) => text.split(",")));
        return true;
      },
    },
    {
      name: "state.json",
      make: (random) =>
        random(2)
          ? changeBytes(json(RECORD), random)
          : json(mutate(RECORD, random)),
      take: (bytes: Uint8Array) => {
        Deno.writeFileSync(`${folder}/fuzz/state.json`, bytes);
        return accepts(() => {
          readRecord(folder, "fuzz");
        }, RuntimeError);
      },
    },
    {
      name: "mountinfo",
      make: (random) =>
        changeText([LEGACY, HYBRID, UNIFIED][random(3)]!, random),
      take: (text: string) => {
        cgroupLayout(text);
        return true;
      },
    },
    {
      name: "cgroup files",
      make: (random) =>
        Object.entries(CGROUP_FILES).map(([name, text]) => [
          name,
          random(3) ? text : changeText(text, random),
        ]),
      take: (files: [string, string][]) => {
        for (const [name, text] of files) {
          Deno.writeTextFileSync(`${folder}/cgroup/${name}`, text);
        }
        return accepts(() => {
          statistics([`${folder}/cgroup`], `${folder}/cgroup`);
        }, CgroupError);
      },
    },
    {
      name: "process tables",
      make: (random) => changeText(PS, random),
      take: (text: string) =>
        accepts(() => {
          ofProcesses(text, [1, 12]);
        }, RuntimeError),
    },
    COMMAND_LINES,
    {
      name: "exec's options, signals",
      make: (random) => changeText("1000:1000", random),
      take: (text: string) => {
        signalNumber(text);
        return accepts(() => {
          const { uid, gid = 0 } = parseUser(text, "fuzz");
          // CVE-2026-30892, CVE-2024-40635: exact, or refused.
          if (text !== `${uid}` && !/^0*\d+(:0*\d+)?$/.test(text)) {
            throw new Error(`${text} became ${uid}:${gid}`);
          }
          parseSubCgroups([text], "fuzz");
        }, RuntimeError);
      },
    },
    {
      name: "notifications",
      make: (random) => changeText(NOTIFY, random),
      take: (text: string) => {
        relayed(text);
        return true;
      },
    },
    {
      name: "a launch's messages",
      make: (random) =>
        Uint8Array.from(
          { length: MESSAGE_SIZE },
          () => random(3) && random(256),
        ),
      take: (bytes: Uint8Array) => {
        const { tag, errno } = parseMessage(bytes);
        const line = describeError(failedStep(PLAN, tag, errno));
        if (/\n|undefined|NaN/.test(line)) throw new Error(line);
        return tag < PLAN.steps.length;
      },
    },
    {
      name: "a program's strings",
      make: texts,
      take: takeTexts,
    },
  ];
}

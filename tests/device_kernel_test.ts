/**
 * Device rules mean the same to the kernel with cgroup v1 and with v2: random
 * lists of rules, and processes that try.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import {
  attachDeviceRules,
  replaceDeviceRules,
} from "../cgroup/device_attach.ts";
import {
  isAllowed,
  randomNumbers,
  randomRule,
} from "../cgroup/device_reference.ts";
import {
  ACCESS,
  type DeviceRule,
  deviceRules,
  EVERY,
} from "../cgroup/devices.ts";
import { CgroupError } from "../cgroup/error.ts";
import { hostLayout } from "../cgroup/layout.ts";
import {
  legacyDeviceChanges,
  writeDeviceRules,
  writeDevices,
} from "../cgroup/legacy_devices.ts";
import { syscall } from "../ffi/syscall.ts";
import { rootTest } from "./container.ts";
import {
  accesses,
  MAJORS,
  makedev,
  MINORS,
  MODE,
  nodeName,
} from "./device_nodes.ts";
import { REPO } from "./davit.ts";

const layout = hostLayout();
const legacy = layout.hierarchies
  .find(({ controllers }) => controllers.includes("devices"))?.mountPoint;
const unified = layout.unified?.mountPoint;
const ALL = accesses();
const ROUNDS = 60;

/** A process in a cgroup of its own, which tries all accesses when asked. */
class Probe implements AsyncDisposable {
  readonly #child: Deno.ChildProcess;
  readonly #reader: ReadableStreamDefaultReader<string>;
  readonly #writer: WritableStreamDefaultWriter<Uint8Array>;
  #text = "";

  constructor(readonly directory: string, folder: string) {
    Deno.mkdirSync(directory);
    this.#child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        `--config=${REPO}/deno.json`,
        "--allow-all",
        "--no-check",
        `${REPO}/tests/device_probe.ts`,
        folder,
      ],
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#reader = this.#child.stdout
      .pipeThrough(new TextDecoderStream()).getReader();
    this.#writer = this.#child.stdin.getWriter();
  }

  /** Waits for the process to have started, and moves it into the cgroup. */
  async join(): Promise<void> {
    assertEquals(await this.#line(), "ready");
    Deno.writeTextFileSync(
      `${this.directory}/cgroup.procs`,
      `${this.#child.pid}`,
    );
  }

  /** A digit for each access. */
  async ask(): Promise<string> {
    await this.#writer.write(new Uint8Array([10]));
    return await this.#line();
  }

  async #line(): Promise<string> {
    while (!this.#text.includes("\n")) {
      const { value, done } = await this.#reader.read();
      if (done) throw new Error("the probe has ended");
      this.#text += value;
    }
    const [line = "", ...rest] = this.#text.split("\n");
    this.#text = rest.join("\n");
    return line;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#writer.close();
    await this.#reader.cancel();
    await this.#child.status;
    Deno.removeSync(this.directory);
  }
}

/** A folder with the device nodes. */
function makeNodes(): string {
  const folder = Deno.makeTempDirSync({ prefix: "davit-devices." });
  for (const access of ALL) {
    const { major, minor, type } = access;
    const path = `${folder}/${nodeName(access)}`;
    const mode = MODE[type] | 0o600;
    syscall("mknodat", -100, path, mode, makedev(major, minor));
  }
  return folder;
}

/** A random list: deny everything, then rules about the devices that there are. */
function randomRules(random: (bound: number) => number): DeviceRule[] {
  const numbers = [0, 1, 3, 0xfffffffe];
  const real = (number: number, all: readonly number[]) =>
    number === EVERY ? EVERY : all[numbers.indexOf(number)]!;
  return [
    ...deviceRules().slice(0, 1),
    ...Array.from({ length: random(9) }, () => {
      const rule = randomRule(random);
      return {
        ...rule,
        major: real(rule.major, MAJORS),
        minor: real(rule.minor, MINORS),
      };
    }),
  ];
}

/** What the rules say, in the plainest words. */
function expected(rules: readonly DeviceRule[]): string {
  return ALL.map(({ type, major, minor, way }) => {
    const access = [...way]
      .reduce((bits, letter) => bits | ACCESS[letter as "r" | "w" | "m"], 0);
    return isAllowed(rules, { type, major, minor, access }) ? "1" : "0";
  }).join("");
}

async function withProbe(
  mountPoint: string,
  test: (probe: Probe) => Promise<void>,
): Promise<void> {
  const folder = makeNodes();
  try {
    const name = `davit-test-${crypto.randomUUID().slice(0, 8)}`;
    await using probe = new Probe(`${mountPoint}/${name}`, folder);
    await probe.join();
    await test(probe);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
}

rootTest(
  "devices: cgroup v2 allows what the rules say, new ones at once",
  async () => {
    const random = randomNumbers(20261125);
    await withProbe(unified!, async (probe) => {
      attachDeviceRules(probe.directory, deviceRules());
      for (let round = 0; round < ROUNDS; round++) {
        const rules = randomRules(random);
        replaceDeviceRules(probe.directory, rules);
        const found = await probe.ask();
        assertEquals(found, expected(rules), JSON.stringify(rules));
      }
      // No rules at all allow everything: one program is what there is.
      replaceDeviceRules(
        probe.directory,
        deviceRules([{ allow: true, access: "rwm" }]),
      );
      assertEquals(await probe.ask(), "1".repeat(ALL.length));
    });
  },
  { missing: unified === undefined ? "cgroup v2" : undefined },
);

rootTest(
  "devices: cgroup v1 allows what the rules say, also after a change",
  async () => {
    const random = randomNumbers(20261126);
    let compared = 0, changed = 0;
    await withProbe(legacy!, async (probe) => {
      let before: DeviceRule[] | undefined;
      for (let round = 0; round < 4 * ROUNDS && compared < ROUNDS; round++) {
        const rules = randomRules(random);
        try {
          const changes = before && legacyDeviceChanges(before, rules);
          if (changes === undefined) writeDeviceRules(probe.directory, rules);
          else writeDevices(probe.directory, changes);
          if (changes !== undefined) changed++;
        } catch (error) {
          // What v1 cannot express is refused before anything is written.
          if (error instanceof CgroupError && error.code === "config") continue;
          throw error;
        }
        before = rules;
        compared++;
        assertEquals(await probe.ask(), expected(rules), JSON.stringify(rules));
      }
    });
    assert(compared >= ROUNDS / 2 && changed > 10, `${compared}, ${changed}`);
  },
  { missing: legacy === undefined ? "cgroup v1 with devices" : undefined },
);

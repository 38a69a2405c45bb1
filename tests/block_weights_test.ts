/** Weights of block devices, with a disk of the test's own that BFQ schedules. */
import { assertEquals } from "@std/assert";
import { command, Container, idOf, onPath, rootTest } from "./container.ts";
import { assertOneLine, assertSuccess, readIfThere, run } from "./davit.ts";

const blkio = readIfThere("/proc/self/mountinfo").split("\n")
  .map((line) => line.split(" "))
  .find((words) => words.at(-1)?.split(",").includes("blkio"))?.[4];

/** A loop device that BFQ schedules. */
class Disk implements AsyncDisposable {
  private constructor(readonly path: string, readonly image: string) {}

  static async make(): Promise<Disk> {
    const image = Deno.makeTempFileSync({ prefix: "davit-disk." });
    Deno.truncateSync(image, 1 << 20);
    const { stdout } = await run(["losetup", "--find", "--show", image]);
    const disk = new Disk(stdout.trim(), image);
    Deno.writeTextFileSync(`${disk.#sys}/queue/scheduler`, "bfq");
    return disk;
  }

  get #sys(): string {
    return `/sys/block/${this.path.split("/").at(-1)}`;
  }

  /** Its numbers, as in a config. */
  get numbers(): { major: number; minor: number } {
    const [major, minor] = readIfThere(`${this.#sys}/dev`).trim().split(":");
    return { major: Number(major), minor: Number(minor) };
  }

  async [Symbol.asyncDispose](): Promise<void> {
    Deno.writeTextFileSync(`${this.#sys}/queue/scheduler`, "none");
    await run(["losetup", "--detach", this.path]);
    Deno.removeSync(this.image);
  }
}

const missing = blkio === undefined
  ? "cgroup v1 with blkio"
  : !onPath("losetup")
  ? "losetup"
  : !readIfThere("/sys/block/loop0/queue/scheduler").includes("bfq")
  ? "loop devices with BFQ"
  : undefined;

rootTest("weights: those of devices stay with a new one of all", async () => {
  await using disk = await Disk.make();
  const { numbers } = disk;
  const weights = (weight: number) => [{ ...numbers, weight }];
  await using container = new Container(command(["sleep", "100"], (config) => {
    config.linux.cgroupsPath = `/${idOf(config)}`;
    config.linux.resources = {
      blockIO: { weight: 300, weightDevice: weights(500) },
    };
  }));
  const seen = () =>
    readIfThere(`${blkio}/${container.id}/blkio.bfq.weight_device`).trim()
      .replace(`${numbers.major}:${numbers.minor}`, "disk");
  assertSuccess(await container.create());
  assertEquals(seen(), "default 300\ndisk 500");
  const update = (blockIO: object) =>
    container.davit(["update", "--resources", "-", container.id], {
      stdin: JSON.stringify({ blockIO }),
    });
  assertSuccess(await update({ weight: 200 }));
  assertEquals(seen(), "default 200\ndisk 500");
  assertSuccess(await update({ weightDevice: weights(600) }));
  assertEquals(seen(), "default 200\ndisk 600");
  const wrong = { ...numbers, major: 0, weight: 5 };
  assertOneLine(
    await update({ weight: 100, weightDevice: [...weights(700), wrong] }),
    /blockIO\.weightDevice\[1\]\.weight: write "0:/,
  );
  assertEquals(seen(), "default 200\ndisk 600");
}, { missing });

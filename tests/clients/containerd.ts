/** A containerd of its own, in a machine of its own. */
import { assertSuccess } from "../davit.ts";
import { archive, type Image } from "./archive.ts";
import { Daemon, Machine } from "./machine.ts";

/** What the tests run, and what CRI's sandboxes run. */
export const IMAGES: readonly Image[] = [
  { name: "davit.test/busybox:1", command: ["sh"] },
  { name: "davit.test/pause:1", command: ["sleep", "1000000"] },
];

/** The namespace of containerd in which CRI's pods are. */
export const CRI_NAMESPACE = "k8s.io";

/** What a containerd is started with. */
export interface Setup {
  /** The program that it and its shims find as `runc`. */
  runtime: string;
  /** More lines for its configuration. */
  config?: (machine: Machine) => string;
}

/** containerd, with its images, and the ways to reach it. */
export class Containerd implements AsyncDisposable {
  readonly machine: Machine;
  readonly socket: string;
  readonly #daemon: Daemon;

  private constructor(machine: Machine) {
    this.machine = machine;
    this.socket = machine.path("containerd.sock");
    const command = "containerd -c config.toml -l debug".split(" ");
    this.#daemon = new Daemon(machine, "containerd", command, {
      PATH: `${machine.path("bin")}:${Deno.env.get("PATH")}`,
    });
  }

  /** Starts one, in a machine of its own. */
  static async start(
    { runtime, config = () => "" }: Setup,
  ): Promise<Containerd> {
    const machine = await Machine.start();
    try {
      await machine.linkRuntime(runtime);
      Deno.writeTextFileSync(
        machine.outside("config.toml"),
        `version = 2
root = "${machine.path("root")}"
state = "${machine.path("state")}"
[grpc]
  address = "${machine.path("containerd.sock")}"
[plugins."io.containerd.internal.v1.opt"]
  path = "${machine.path("opt")}"
${config(machine)}`,
      );
      Deno.writeFileSync(machine.outside("images.tar"), await archive(IMAGES));
      const containerd = new Containerd(machine);
      await containerd.restart();
      return containerd;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Makes its images known in a namespace of containerd. */
  async importImages(namespace: string): Promise<void> {
    const ctr = ["ctr", "-a", this.socket, "-n", namespace];
    const file = this.machine.path("images.tar");
    assertSuccess(await this.machine.run([...ctr, "image", "import", file]));
  }

  /** Starts the daemon, where it has been stopped. */
  async restart(): Promise<void> {
    await this.#daemon.start(["ctr", "-a", this.socket, "version"]);
  }

  /** Kills the daemon; its shims and containers stay. */
  async kill(): Promise<void> {
    await this.#daemon.stop("KILL");
  }

  /** The last lines of its log. */
  log(): string {
    return this.#daemon.log();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#daemon[Symbol.asyncDispose]();
    } finally {
      await this.machine[Symbol.asyncDispose]();
    }
  }
}

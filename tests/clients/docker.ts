/** A dockerd of its own, in a machine of its own. */
import { assertSuccess } from "../davit.ts";
import { archive, type Image } from "./archive.ts";
import { Daemon, isThere, Machine } from "./machine.ts";

/** What the tests run. */
export const IMAGE: Image = { name: "davit.test/busybox:1", command: ["sh"] };

/** The client; Debian's, where there are others. */
export const CLIENT = isThere("/usr/bin/docker") ? "/usr/bin/docker" : "docker";

/** dockerd, with its image. */
export class Docker implements AsyncDisposable {
  readonly machine: Machine;
  readonly host: string;
  readonly #daemon: Daemon;

  private constructor(machine: Machine, runtime: string) {
    this.machine = machine;
    this.host = `unix://${machine.path("docker.sock")}`;
    const command = [
      "dockerd",
      ...["--host", this.host, "--pidfile", machine.path("dockerd.pidfile")],
      ...["--data-root", machine.path("data")],
      ...["--exec-root", machine.path("exec")],
      ..."--iptables=false --ip6tables=false --bridge=none".split(" "),
      ..."--storage-driver=vfs --oom-score-adjust=0 --live-restore".split(" "),
      ...["--cgroup-parent", `/${machine.id}`],
      ...["--add-runtime", `tested=${runtime}`, "--default-runtime=tested"],
    ];
    // BuildKit runs what is called runc.
    const path = `${machine.path("bin")}:${Deno.env.get("PATH")}`;
    this.#daemon = new Daemon(machine, "dockerd", command, { PATH: path });
  }

  /** Starts one whose containers run with a runtime. */
  static async start(runtime: string): Promise<Docker> {
    const machine = await Machine.start();
    try {
      await machine.linkRuntime(runtime);
      const docker = new Docker(machine, runtime);
      const images = machine.path("images.tar");
      Deno.writeFileSync(machine.outside("images.tar"), await archive([IMAGE]));
      await docker.restart();
      const { host } = docker;
      assertSuccess(
        await machine.run([CLIENT, "-H", host, "load", "-i", images]),
      );
      return docker;
    } catch (error) {
      await machine[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Starts the daemon, where it has been stopped. */
  async restart(): Promise<void> {
    await this.#daemon.start([CLIENT, "-H", this.host, "version"]);
  }

  /** Kills the daemon; its containers stay. */
  async kill(): Promise<void> {
    await this.#daemon.stop("KILL");
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      await this.#daemon[Symbol.asyncDispose]();
    } finally {
      await this.machine[Symbol.asyncDispose]();
    }
  }
}

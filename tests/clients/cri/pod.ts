/** Pods and their containers, through CRI. */
import { assertEquals } from "@std/assert";
import { readIfThere, until } from "../../davit.ts";
import { IMAGES } from "../containerd.ts";
import { assertNoCgroups } from "../machine.ts";
import type { Cri, HANDLERS, Message, Step, Streamed } from "./cri.ts";

/** A script that runs until it is told to end. */
export const WAIT = "trap exit TERM; sleep 1000 & wait";

let pods = 0;

/** A pod that goes at the end of its test. */
export class Pod implements AsyncDisposable {
  readonly cri: Cri;
  readonly config: Message;
  readonly cgroup: string;
  id = "";

  private constructor(cri: Cri, linux: Message, more: Message) {
    const name = `pod-${++pods}`;
    this.cri = cri;
    this.cgroup = `/${cri.machine.id}/${name}`;
    this.config = {
      metadata: { name, uid: `uid-${name}`, namespace: "default" },
      hostname: name,
      log_directory: cri.machine.path(name),
      linux: { cgroup_parent: this.cgroup, ...linux },
      ...more,
    };
  }

  /**
   * Runs one.
   * @param linux more of its LinuxPodSandboxConfig
   * @param more more of its PodSandboxConfig
   */
  static async run(
    cri: Cri,
    linux: Message = {},
    more: Message = {},
    runtime_handler: keyof typeof HANDLERS = "v2",
  ): Promise<Pod> {
    const pod = new Pod(cri, linux, more);
    const answer = await cri.call("RunPodSandbox", {
      config: pod.config,
      runtime_handler,
    });
    pod.id = answer.pod_sandbox_id;
    return pod;
  }

  /** Creates a container that runs a script of sh. */
  async create(script: string, more: Message = {}): Promise<PodContainer> {
    const container = new PodContainer(this, script, more);
    await container.create();
    return container;
  }

  /** Creates and starts one. */
  async start(script: string, more: Message = {}): Promise<PodContainer> {
    const container = await this.create(script, more);
    await container.start();
    return container;
  }

  /** Runs one to its end; gives what it has written. */
  async output(script: string, more: Message = {}): Promise<string> {
    const container = await this.start(script, more);
    const { exit_code } = await container.ended();
    assertEquals(exit_code, 0, container.log());
    return container.log();
  }

  async status(): Promise<Message> {
    const request = { pod_sandbox_id: this.id };
    return (await this.cri.call("PodSandboxStatus", request)).status;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.cri.call("StopPodSandbox", { pod_sandbox_id: this.id });
    await this.cri.call("RemovePodSandbox", { pod_sandbox_id: this.id });
    assertNoCgroups(this.id);
  }
}

let containers = 0;

/** A container of a pod. */
export class PodContainer {
  readonly #pod: Pod;
  readonly #config: Message;
  readonly name: string;
  id = "";

  constructor(pod: Pod, script: string, more: Message) {
    this.#pod = pod;
    this.name = more.name ?? `container-${++containers}`;
    const { name: _, attempt = 0, ...rest } = more;
    this.#config = {
      metadata: { name: this.name, attempt },
      image: { image: IMAGES[0]!.name },
      command: ["sh", "-c", script],
      log_path: `${this.name}-${attempt}.log`,
      ...rest,
    };
  }

  async create(): Promise<void> {
    const { container_id } = await this.#pod.cri.call("CreateContainer", {
      pod_sandbox_id: this.#pod.id,
      config: this.#config,
      sandbox_config: this.#pod.config,
    });
    this.id = container_id;
  }

  async start(): Promise<void> {
    await this.#call("StartContainer", {});
  }

  async stop(timeout: number): Promise<void> {
    await this.#call("StopContainer", { timeout });
  }

  async remove(): Promise<void> {
    await this.#call("RemoveContainer", {});
  }

  async status(): Promise<Message> {
    return (await this.#call("ContainerStatus", {})).status;
  }

  /** Its process, as containerd counts. */
  async pid(): Promise<number> {
    const { info } = await this.#call("ContainerStatus", { verbose: true });
    return JSON.parse(info.info).pid;
  }

  async update(linux: Message): Promise<void> {
    await this.#call("UpdateContainerResources", { linux });
  }

  async stats(): Promise<Message> {
    return (await this.#call("ContainerStats", {})).stats;
  }

  /** Waits for its end. */
  async ended(): Promise<Message> {
    return await until(`the end of ${this.name}`, async () => {
      const status = await this.status();
      return status.state === "CONTAINER_EXITED" ? status : undefined;
    });
  }

  /** Runs a script in it. */
  async execSync(script: string, timeout = 0): Promise<Message> {
    return await this.#call("ExecSync", {
      cmd: ["sh", "-c", script],
      timeout,
    });
  }

  /** What a script in it writes to stdout. */
  async says(script: string): Promise<string> {
    const { stdout, stderr, exit_code } = await this.execSync(script);
    assertEquals(exit_code, 0, stdout + stderr);
    return stdout;
  }

  /** Runs a script in it with a stream. */
  async exec(
    script: string,
    tty: boolean,
    steps: readonly Step[],
  ): Promise<Streamed> {
    const { url } = await this.#call("Exec", {
      cmd: ["sh", "-c", script],
      ...{ tty, stdin: true, stdout: true, stderr: !tty },
    });
    return await this.#pod.cri.stream(url, steps);
  }

  /** Connects to its process. */
  async attach(tty: boolean, steps: readonly Step[]): Promise<Streamed> {
    const { url } = await this.#call("Attach", {
      ...{ tty, stdin: true, stdout: true, stderr: !tty },
    });
    return await this.#pod.cri.stream(url, steps);
  }

  /** What it has written, as its log holds it. */
  log(): string {
    const { machine } = this.#pod.cri;
    const { log_path } = this.#config;
    const folder = this.#pod.config.metadata.name;
    return readIfThere(machine.outside(`${folder}/${log_path}`)).split("\n")
      .map((line) => line.replace(/^\S+ std(out|err) [FP] /, "")).join("\n");
  }

  /** A file of one of its cgroups. */
  cgroup(controller: string, file: string): string {
    const path = `/sys/fs/cgroup/${controller}${this.#pod.cgroup}/${this.id}`;
    return Deno.readTextFileSync(`${path}/${file}`).trim();
  }

  async #call(method: string, message: Message): Promise<Message> {
    return await this.#pod.cri.call(method, {
      container_id: this.id,
      ...message,
    });
  }
}

/** CRI as the tests call it: a containerd with pods, and a client of it. */
import { fromFileUrl } from "@std/path/posix";
import { until } from "../../davit.ts";
import { Containerd, IMAGES } from "../containerd.ts";
import type { Machine } from "../machine.ts";
import { PACKAGES } from "./packages.ts";

/** A message of CRI, in the names of its protocol. */
// deno-lint-ignore no-explicit-any
export type Message = Record<string, any>;

/** A step of a stream; client.mjs tells what they do. */
export type Step = { send: string } | { until: string } | {
  size: [columns: number, rows: number];
};

/** What a stream has brought. */
export interface Streamed {
  stdout: string;
  stderr: string;
  /** A Status of Kubernetes as JSON; none: the connection was lost. */
  status: string;
}

/** The namespace of containerd in which CRI keeps pods. */
const NAMESPACE = "k8s.io";

/** A network plugin: it gives the pod lo, and an eth0 that leads nowhere. */
const PLUGIN = `#!/bin/sh
[ "$CNI_COMMAND" = ADD ] || exit 0
in_pod() { nsenter --net="$CNI_NETNS" ip "$@"; }
case $CNI_IFNAME in
lo) address=127.0.0.1/8 ;;
*) address=10.99.0.2/24
   in_pod link add "$CNI_IFNAME" type veth peer name peer
   in_pod address add $address dev "$CNI_IFNAME" ;;
esac
in_pod link set "$CNI_IFNAME" up
cat <<JSON
{"cniVersion": "0.3.1", "dns": {},
 "interfaces": [{"name": "$CNI_IFNAME", "sandbox": "$CNI_NETNS"}],
 "ips": [{"version": "4", "address": "$address", "interface": 0}]}
JSON
`;

const NETWORK = JSON.stringify({
  cniVersion: "0.3.1",
  name: "test",
  plugins: [{ type: "test" }],
});

/** Handlers of pods, and the shims that they go through. */
export const HANDLERS = {
  v2: "io.containerd.runc.v2",
  v1: "io.containerd.runc.v1",
};

function configuration(machine: Machine, runtime: string): string {
  const prefix = 'plugins."io.containerd.grpc.v1.cri"';
  const handlers = Object.entries(HANDLERS).map(([name, shim]) =>
    `[${prefix}.containerd.runtimes.${name}]
  runtime_type = "${shim}"
[${prefix}.containerd.runtimes.${name}.options]
  BinaryName = "${runtime}"
`
  );
  return `[${prefix}]
  restrict_oom_score_adj = true
  sandbox_image = "${IMAGES[1]!.name}"
  stream_server_address = "127.0.0.1"
[${prefix}.cni]
  bin_dir = "${machine.path("cni/bin")}"
  conf_dir = "${machine.path("cni/net.d")}"
[${prefix}.containerd]
  default_runtime_name = "v2"
${handlers.join("")}`;
}

function writeNetwork(machine: Machine): void {
  Deno.mkdirSync(machine.outside("cni/bin"), { recursive: true });
  Deno.mkdirSync(machine.outside("cni/net.d"));
  for (const name of ["loopback", "test"]) {
    const file = machine.outside(`cni/bin/${name}`);
    Deno.writeTextFileSync(file, PLUGIN, { mode: 0o755 });
  }
  Deno.writeTextFileSync(
    machine.outside("cni/net.d/test.conflist"),
    NETWORK,
  );
}

/** A containerd whose pods run with one runtime, and a client of it. */
export class Cri implements AsyncDisposable {
  readonly containerd: Containerd;
  readonly #client: Deno.ChildProcess;
  readonly #input: WritableStreamDefaultWriter<Uint8Array>;
  readonly #waiting = new Map<number, PromiseWithResolvers<Message>>();
  readonly #reading: Promise<void>;
  #count = 0;

  private constructor(containerd: Containerd) {
    this.containerd = containerd;
    const client = fromFileUrl(new URL("client.mjs", import.meta.url));
    const [program, ...args] = containerd.machine.words(
      ...["node", client, containerd.socket, PACKAGES],
    );
    this.#client = new Deno.Command(program!, {
      args,
      stdin: "piped",
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    this.#input = this.#client.stdin.getWriter();
    this.#reading = this.#read();
  }

  /** Starts them, in a machine of their own. */
  static async start(runtime: string): Promise<Cri> {
    const containerd = await Containerd.start({
      runtime,
      config: (machine) => {
        writeNetwork(machine);
        return configuration(machine, runtime);
      },
    });
    try {
      await containerd.importImages(NAMESPACE);
      const cri = new Cri(containerd);
      await cri.ready();
      return cri;
    } catch (error) {
      await containerd[Symbol.asyncDispose]();
      throw error;
    }
  }

  get machine(): Machine {
    return this.containerd.machine;
  }

  /** Waits until pods can be run. */
  async ready(): Promise<void> {
    await until("containerd is ready for pods", async () => {
      try {
        const { status } = await this.call("Status", {});
        return status.conditions.every((one: Message) => one.status);
      } catch {
        return false; // it has only begun
      }
    });
  }

  /** Makes a call; fails with the text of its error. */
  call(method: string, message: Message): Promise<Message> {
    return this.#ask({ method, message });
  }

  /** Connects to what Exec or Attach has answered. */
  async stream(url: string, steps: readonly Step[]): Promise<Streamed> {
    return await this.#ask({ url, steps }) as Streamed;
  }

  async #ask(request: Message): Promise<Message> {
    const id = ++this.#count;
    const waiting = Promise.withResolvers<Message>();
    this.#waiting.set(id, waiting);
    const line = JSON.stringify({ id, ...request }) + "\n";
    await this.#input.write(new TextEncoder().encode(line));
    const { value, error } = await waiting.promise;
    if (error !== undefined) throw new Error(error);
    return value;
  }

  async #read(): Promise<void> {
    let text = "";
    const chunks = this.#client.stdout.pipeThrough(new TextDecoderStream());
    for await (const chunk of chunks) {
      text += chunk;
      for (let end; (end = text.indexOf("\n")) >= 0;) {
        const answer = JSON.parse(text.slice(0, end));
        text = text.slice(end + 1);
        this.#waiting.get(answer.id)?.resolve(answer);
        this.#waiting.delete(answer.id);
      }
    }
    for (const { resolve } of this.#waiting.values()) {
      resolve({ error: "the client has ended" });
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#input.close().catch(() => {}); // it has ended before
    await this.#client.status;
    await this.#reading;
    await this.containerd[Symbol.asyncDispose]();
  }
}

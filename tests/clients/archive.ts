/**
 * Images of busybox, as an archive of `docker save`: containerd, dockerd and
 * podman read it, and no registry is asked.
 */
import { busybox } from "../bundle.ts";

/** One file of an archive. */
interface Entry {
  name: string;
  mode: number;
  /** A regular file's content. */
  data?: Uint8Array;
  /** A symbolic link's target. */
  link?: string;
}

const encoder = new TextEncoder();

/** A tar archive in the form of POSIX (ustar), all of it root's. */
export function tar(entries: readonly Entry[]): Uint8Array<ArrayBuffer> {
  const blocks: Uint8Array[] = [];
  for (const entry of entries) {
    const data = entry.data ?? new Uint8Array();
    blocks.push(header(entry, data.length), data);
    blocks.push(new Uint8Array(-data.length & 511));
  }
  blocks.push(new Uint8Array(1024));
  const whole = new Uint8Array(
    blocks.reduce((sum, block) => sum + block.length, 0),
  );
  let offset = 0;
  for (const block of blocks) {
    whole.set(block, offset);
    offset += block.length;
  }
  return whole;
}

function header(entry: Entry, size: number): Uint8Array {
  const block = new Uint8Array(512);
  const put = (offset: number, text: string) =>
    block.set(encoder.encode(text), offset);
  const octal = (offset: number, digits: number, value: number) =>
    put(offset, value.toString(8).padStart(digits, "0"));
  put(0, entry.name);
  octal(100, 7, entry.mode);
  octal(108, 7, 0);
  octal(116, 7, 0);
  octal(124, 11, size);
  octal(136, 11, 0);
  put(148, "        "); // the sum's own place counts as blanks
  put(156, entry.data ? "0" : entry.link ? "2" : "5");
  put(157, entry.link ?? "");
  put(257, "ustar\0" + "00");
  octal(148, 6, block.reduce((sum, byte) => sum + byte, 0));
  block[154] = 0;
  return block;
}

const FOLDERS =
  "bin/ dev/ etc/ home/ home/user/ proc/ root/ run/ sys/ tmp/ var/";
const PASSWD =
  "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n";
const GROUP = "root:x:0:\nuser:x:1000:\nextra:x:2000:user\n";

/** The root file system: busybox and links of all its applets to it. */
function layer(): Uint8Array<ArrayBuffer> {
  const program = busybox()!;
  const { stdout } = new Deno.Command(program, { args: ["--list"] })
    .outputSync();
  const applets = new TextDecoder().decode(stdout).trim().split("\n")
    .filter((applet) => applet !== "busybox");
  return tar([
    ...FOLDERS.split(" ").map((name) => ({
      name,
      mode: name === "tmp/" ? 0o1777 : 0o755,
    })),
    { name: "bin/busybox", mode: 0o755, data: Deno.readFileSync(program) },
    ...applets.map((applet) => ({
      name: `bin/${applet}`,
      mode: 0o777,
      link: "busybox",
    })),
    { name: "etc/passwd", mode: 0o644, data: encoder.encode(PASSWD) },
    { name: "etc/group", mode: 0o644, data: encoder.encode(GROUP) },
  ]);
}

const CREATED = "2024-01-01T00:00:00Z";

async function sha256(data: Uint8Array<ArrayBuffer>): Promise<string> {
  return new Uint8Array(await crypto.subtle.digest("SHA-256", data)).toHex();
}

/** What an image is called, and what it runs when nothing else is said. */
export interface Image {
  /** As `davit.test/busybox:1`. */
  name: string;
  command: readonly string[];
}

/** The archive of one or more images, which share their layer. */
export async function archive(
  images: readonly Image[],
): Promise<Uint8Array<ArrayBuffer>> {
  const data = layer();
  const diff = await sha256(data);
  const architecture = { x86_64: "amd64", aarch64: "arm64" }[Deno.build.arch];
  const files: Entry[] = [{ name: "layer.tar", mode: 0o644, data }];
  const manifest: unknown[] = [];
  for (const { name, command } of images) {
    const config = encoder.encode(JSON.stringify({
      architecture,
      os: "linux",
      created: CREATED,
      config: {
        Env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"],
        Cmd: command,
      },
      rootfs: { type: "layers", diff_ids: [`sha256:${diff}`] },
      // What builds on an image counts its layers by this.
      history: [{ created: CREATED, created_by: "davit's tests" }],
    }));
    const file = `${await sha256(config)}.json`;
    files.push({ name: file, mode: 0o644, data: config });
    manifest.push({ Config: file, RepoTags: [name], Layers: ["layer.tar"] });
  }
  files.push({
    name: "manifest.json",
    mode: 0o644,
    data: encoder.encode(JSON.stringify(manifest)),
  });
  return tar(files);
}

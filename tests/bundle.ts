/** Makes bundles: a root file system of Debian's busybox and a config.json. */
import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import type { Config, Patch } from "./config.ts";
import { DAVIT } from "./davit.ts";

const APPLETS =
  "cat chmod chown cp cut date dd df dirname dmesg echo env false find grep head hostname id ifconfig ip kill ln ls mkdir mknod mount mountpoint mv nproc od pidof ps pwd readlink realpath reboot rm rmdir sed seq sh sleep sort stat stty sync tail tee test touch tr true tty umount uname unshare wc which xargs yes";

/** A statically linked busybox, as in Debian's package busybox-static. */
export function busybox(): string | undefined {
  return ["/bin/busybox", "/usr/bin/busybox"].find((path) => {
    try {
      return Deno.statSync(path).isFile;
    } catch {
      return false;
    }
  });
}

/** Fills a folder with a root file system. */
export function makeRootfs(rootfs: string): void {
  for (const name of "bin dev etc home/user proc root run sys tmp".split(" ")) {
    Deno.mkdirSync(join(rootfs, name), { recursive: true });
  }
  Deno.copyFileSync(busybox()!, join(rootfs, "bin/busybox"));
  Deno.chmodSync(join(rootfs, "bin/busybox"), 0o755);
  for (const applet of APPLETS.split(" ")) {
    Deno.symlinkSync("busybox", join(rootfs, "bin", applet));
  }
  Deno.writeTextFileSync(
    join(rootfs, "etc/passwd"),
    "root:x:0:0:root:/root:/bin/sh\nuser:x:1000:1000::/home/user:/bin/sh\n",
  );
  Deno.writeTextFileSync(
    join(rootfs, "etc/group"),
    "root:x:0:\nuser:x:1000:\nextra:x:2000:user\n",
  );
}

const specs = new Map<string, string>();

/** What `spec` of a runtime writes, with no terminal. */
export function defaultConfig(runtime: string = DAVIT): Config {
  let text = specs.get(runtime);
  if (text === undefined) {
    const folder = Deno.makeTempDirSync({ prefix: "davit-spec." });
    try {
      const { code, stderr } = new Deno.Command(runtime, {
        args: ["spec", "--bundle", folder],
      }).outputSync();
      assertEquals(code, 0, new TextDecoder().decode(stderr));
      text = Deno.readTextFileSync(join(folder, "config.json"));
    } finally {
      Deno.removeSync(folder, { recursive: true });
    }
    specs.set(runtime, text);
  }
  const config: Config = JSON.parse(text);
  config.process.terminal = false;
  return config;
}

/** Makes a bundle in a folder that is there. */
export function makeBundle(
  bundle: string,
  marker: string,
  patch: Patch = () => {},
  runtime?: string,
): void {
  makeRootfs(join(bundle, "rootfs"));
  const config = defaultConfig(runtime);
  config.process.env.push(marker);
  patch(config);
  writeConfig(bundle, config);
}

export function writeConfig(bundle: string, config: unknown): void {
  Deno.writeTextFileSync(join(bundle, "config.json"), JSON.stringify(config));
}

export function readConfig(bundle: string): Config {
  return JSON.parse(Deno.readTextFileSync(join(bundle, "config.json")));
}

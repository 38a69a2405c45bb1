import { assertEquals } from "@std/assert";
import { defaultSpec } from "./default_spec.ts";

Deno.test("defaultSpec() has a cgroup namespace when asked", () => {
  const types = (cgroupNamespace: boolean) =>
    defaultSpec({ cgroupNamespace }).linux?.namespaces?.map((n) => n.type);
  const always = ["pid", "network", "ipc", "uts", "mount"] as const;
  assertEquals(types(false), [...always]);
  assertEquals(types(true), [...always, "cgroup"]);
});

Deno.test("defaultSpec() gives no inheritable and ambient capabilities", () => {
  const sets = defaultSpec({ cgroupNamespace: true }).process?.capabilities;
  assertEquals(Object.keys(sets ?? {}).sort(), [
    "bounding",
    "effective",
    "permitted",
  ]);
});

Deno.test("defaultSpec() is a plain JSON value without shared parts", () => {
  const spec = defaultSpec({ cgroupNamespace: true });
  assertEquals(JSON.parse(JSON.stringify(spec)), spec);
  const other = defaultSpec({ cgroupNamespace: true });
  assertEquals(spec.mounts === other.mounts, false);
});

Deno.test("defaultSpec() has the shape of the installed runc's", async (t) => {
  const dir = Deno.makeTempDirSync();
  try {
    const command = new Deno.Command("runc", { args: ["spec"], cwd: dir });
    if (!command.outputSync().success) throw new Error("runc spec failed");
    const theirs = JSON.parse(Deno.readTextFileSync(`${dir}/config.json`));
    await t.step("but for what newer versions changed", () => {
      const ours = defaultSpec({
        cgroupNamespace: theirs.linux.namespaces.length > 5,
      });
      delete theirs.process.capabilities.ambient;
      delete theirs.process.capabilities.inheritable;
      const added = "/sys/devices/virtual/powercap";
      const masked = ours.linux?.maskedPaths?.filter((path) => path !== added);
      theirs.linux.maskedPaths = theirs.linux.maskedPaths.filter(
        (path: string) => path !== added,
      );
      assertEquals({
        ...ours,
        ociVersion: theirs.ociVersion,
        hostname: theirs.hostname,
        linux: { ...ours.linux, maskedPaths: masked },
      }, theirs);
    });
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
    await t.step({
      name: "skipped: runc is not installed",
      ignore: true,
      fn() {},
    });
  } finally {
    Deno.removeSync(dir, { recursive: true });
  }
});

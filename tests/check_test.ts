/** `davit check` and `davit env`: what they find out about hosts. */
import { assert, assertEquals, assertMatch } from "@std/assert";
import type { CheckRow } from "../oci/check/row.ts";
import { makeBundle } from "./bundle.ts";
import { assertSuccess, DAVIT, davit, run } from "./davit.ts";
import { rootTest } from "./container.ts";
import { umlMissing, underUml } from "./uml.ts";

/** The rows of `davit check --json`, by group and name. */
function rows(text: string): Map<string, CheckRow> {
  const list: CheckRow[] = JSON.parse(text);
  return new Map(list.map((row) => [`${row.group}/${row.what}`, row]));
}

rootTest("check finds that this host runs containers", async () => {
  const { stdout } = assertSuccess(await davit(["check", "--json"]));
  const found = rows(stdout);
  for (const kind of ["pid", "network", "mount", "ipc", "uts", "user"]) {
    assertEquals(found.get(`namespaces/${kind}`)?.verdict, "works", kind);
  }
  assertEquals(found.get("file systems/proc")?.verdict, "works");
  assertEquals(found.get("file systems/bind mounts")?.verdict, "works");
  const text = assertSuccess(await davit(["check"])).stdout;
  assertMatch(text, /^kernel\n +ok +system calls/);
  assertMatch(text, /\n\d+ work, \d+ limited, 0 failed\n$/);
});

rootTest("check leaves no cgroup behind", async () => {
  await davit(["check"]);
  const left = new Deno.Command("find", {
    args: ["/sys/fs/cgroup", "-name", "davit-check-*"],
  }).outputSync();
  assertEquals(new TextDecoder().decode(left.stdout), "");
});

rootTest(
  "check sees limits that bite, and says how to change them",
  async () => {
    const script = "echo 0 >/proc/sys/user/max_net_namespaces && " +
      'exec "$0" check --json';
    const { code, stdout } = await run(
      ["unshare", "--user", "--map-root-user", "sh", "-c", script, DAVIT],
    );
    assertEquals(code, 1);
    const row = rows(stdout).get("namespaces/network")!;
    assertEquals(row.verdict, "fails");
    assertEquals(row.found, "No space left on device");
    assertMatch(row.change, /sysctl user.max_net_namespaces, which is 0/);
    // The rest is no worse for it.
    assertEquals(rows(stdout).get("namespaces/pid")?.verdict, "works");
  },
);

rootTest("check sees what a seccomp filter takes away", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "davit-check-test." });
  try {
    makeBundle(folder, "check=1", (config) => {
      config.process.args = ["/davit", "check", "--json"];
      config.mounts.push(
        {
          destination: "/davit",
          type: "bind",
          source: DAVIT,
          options: ["bind"],
        },
        ...["/lib", "/lib64", "/usr/lib"].map((path) => ({
          destination: path,
          type: "bind",
          source: path,
          options: ["rbind"],
        })),
      );
      config.linux["seccomp"] = {
        defaultAction: "SCMP_ACT_ALLOW",
        syscalls: [{
          names: ["mount_setattr"],
          action: "SCMP_ACT_ERRNO",
          errnoRet: 38,
        }],
      };
    });
    const { code, stdout, stderr } = await davit(
      ["run", "--bundle", folder, `davit-check-${Deno.pid}`],
    );
    assertEquals(code, 1, stderr);
    const found = rows(stdout);
    assertEquals([...found.keys()], ["kernel/system calls"]);
    const row = found.get("kernel/system calls")!;
    assertEquals(row.found, "missing: mount_setattr");
    assertMatch(row.change, /seccomp filter around Davit hides them/);
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

rootTest("check sees what another kernel lacks", async () => {
  const { code, stdout } = await underUml("v2", [DAVIT, "check", "--json"]);
  assertEquals(code, 0, stdout);
  const found = rows(stdout);
  assertEquals(found.get("cgroups/layout")?.found, "cgroup v2");
  assertEquals(found.get("cgroups/hugetlb")?.verdict, "limited");
  assertEquals(found.get("file systems/overlay")?.change, "modprobe overlay");
  assertEquals(
    found.get("namespaces/time")?.change,
    "the kernel is built without them",
  );
}, {
  missing: DAVIT.endsWith("scripts/davit")
    ? "the compiled binary"
    : umlMissing(),
});

rootTest("check says of an ordinary user what he cannot do", async () => {
  const { stdout } = await run(
    [
      "setpriv",
      "--reuid=65534",
      "--regid=65534",
      "--clear-groups",
      DAVIT,
      "--root=/no/such/root",
      "check",
      "--json",
    ],
  );
  const found = rows(stdout);
  assertEquals(found.get("namespaces/network")?.verdict, "works");
  assertEquals(found.get("file systems/sysfs")?.verdict, "works");
  assertEquals(found.get("cgroups/delegation")?.verdict, "limited");
  assertMatch(
    found.get("file systems/ID-mapped mounts of /")!.found,
    /only root/,
  );
});

rootTest("check of a bundle tells what that bundle lacks", async () => {
  const folder = Deno.makeTempDirSync({ prefix: "davit-check-test." });
  try {
    makeBundle(folder, "check=1");
    assertSuccess(await davit(["check", folder]));
    Deno.removeSync(`${folder}/rootfs`, { recursive: true });
    makeBundle(folder, "check=1", (config) => {
      config.process.args = ["no-such-program"];
    });
    const { code, stdout } = await davit(["check", "--json", folder]);
    assertEquals(code, 1);
    const found = rows(stdout);
    assertMatch(
      found.get("bundle/process.args[0]")!.found,
      /no folder of PATH/,
    );
    assert(!found.has("namespaces/user"), "it asks for none");
  } finally {
    Deno.removeSync(folder, { recursive: true });
  }
});

rootTest("env prints what a report should hold", async () => {
  const text = assertSuccess(await davit(["--root", "/r", "env"])).stdout;
  assertMatch(text, /^runtime\n +version +\d+\.\d+\.\d+\n/);
  assertMatch(text, /\n +root +\/r\n/);
  assertMatch(text, /\nhost\n +kernel +Linux version /);
  const json = JSON.parse(assertSuccess(await davit(["env", "--json"])).stdout);
  assertEquals(json.host.architecture, Deno.build.arch);
  assertEquals(json.host.user, 0);
  assert(json.host.memory > 0);
});

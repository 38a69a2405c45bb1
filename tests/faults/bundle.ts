/** A container with something of everything, for faults to be made in. */
import type { Config } from "../config.ts";
import { script } from "../container.ts";

/** Much of what a launch can do, in one configuration. */
export const richBundle = script("sleep 1000", enrich);

/** The same, with a program that ends. */
export const richShortBundle = script("sleep 0.05", enrich);

/**
 * The same in a user namespace, whose root cannot make mount points in the
 * host's folders, and gets what is the host's by copies of its mounts.
 */
export const mappedBundle = script("sleep 1000", (config) => {
  enrich(config);
  const map = [{ containerID: 0, hostID: 100_000, size: 65536 }];
  config.linux.namespaces.push({ type: "user" });
  config.linux.uidMappings = config.linux.gidMappings = map;
  config.mounts = [
    ...config.mounts.filter(({ destination }) => !/^.new/.test(destination)),
    { destination: "/tmp", type: "tmpfs", options: ["size=1m"] },
    { destination: "/tmp/b", source: "/etc/hostname", options: ["bind", "ro"] },
    { destination: "/home/user", source: "/etc", options: ["rbind"] },
  ];
});

function enrich(config: Config): void {
  config.process.user = { uid: 1000, gid: 1000, additionalGids: [2000] };
  config.process.oomScoreAdj = 100;
  config.root.readonly = false;
  config.linux.resources = {
    memory: { limit: 256 << 20 },
    pids: { limit: 100 },
    cpu: { shares: 512 },
  };
  config.linux.devices = [
    { path: "/dev/fuse", type: "c", major: 10, minor: 229, fileMode: 0o666 },
  ];
  config.linux["sysctl"] = { "net.ipv4.ip_forward": "1" };
  config.linux["seccomp"] = {
    defaultAction: "SCMP_ACT_ALLOW",
    syscalls: [{ names: ["swapon"], action: "SCMP_ACT_ERRNO" }],
  };
  config.mounts.push(
    { destination: "/new/t", type: "tmpfs", options: ["size=1m"] },
    { destination: "/new/b", source: "/etc/hostname", options: ["bind", "ro"] },
  );
}

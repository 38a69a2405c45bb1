/** Network devices of the configuration, in a network that is like a host's. */
import { assertEquals, assertMatch } from "@std/assert";
import type { Patch } from "./config.ts";
import {
  change,
  Container,
  rootTest,
  script as shellScript,
} from "./container.ts";
import { assertSuccess, type Result, run } from "./davit.ts";

/** A network namespace that takes the place of the host's. */
class Network implements AsyncDisposable {
  readonly name = `davit-${crypto.randomUUID().slice(0, 8)}`;
  readonly path = `/run/netns/${this.name}`;

  static async make(setUp: string): Promise<Network> {
    const network = new Network();
    assertSuccess(await run(["ip", "netns", "add", network.name]));
    try {
      await network.sh(`set -e; ${setUp}`);
    } catch (error) {
      await network[Symbol.asyncDispose]();
      throw error;
    }
    return network;
  }

  /** Runs a command in it; mounts stay the host's. */
  run(words: readonly string[]): Promise<Result> {
    return run(["nsenter", `--net=${this.path}`, ...words]);
  }

  /** What a shell script prints in it. */
  async sh(text: string): Promise<string> {
    return assertSuccess(await this.run(["sh", "-c", text])).stdout.trim();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await run(["ip", "netns", "del", this.name]);
  }
}

const HOST = `
  ip link add eth0 address 02:00:00:00:00:07 mtu 1400 type veth peer name peer0
  ip link set peer0 up
  ip link set eth0 up
  ip addr add 192.0.2.7/24 brd + dev eth0
  ip addr add 192.0.2.8/24 dev eth0 label eth0:two
  ip addr add 198.51.100.1/32 dev eth0 scope link
  ip addr add 198.51.100.2/32 dev eth0 valid_lft 500 preferred_lft 400
  ip -6 addr add 2001:db8::7/64 nodad dev eth0`;

/** Prints the devices, and the addresses of one of them. */
const look = (device: string) =>
  `ls /sys/class/net | sort | tr '\\n' ' '; echo; cat /sys/class/net/${device}/mtu ` +
  `/sys/class/net/${device}/address; ip link show dev ${device} | ` +
  `grep -c '[<,]UP[,>]'; ip addr show dev ${device} | ` +
  `grep -E 'inet6? .* scope global' | sed -e 's/^ *//' -e 's/ *$//'`;

const DEFAULT_SIGHT = (device: string) =>
  `${["lo", device].sort().join(" ")} \n1400\n02:00:00:00:00:07\n1\n` +
  `inet 192.0.2.7/24 brd 192.0.2.255 scope global ${device}\n` +
  `inet 192.0.2.8/24 scope global secondary ${device}:two\n` +
  "inet6 2001:db8::7/64 scope global flags 02"; // NODAD;

const devices =
  (netDevices: Record<string, unknown>, more?: Patch): Patch => (config) => {
    config.linux.netDevices = netDevices;
    more?.(config);
  };

interface Case {
  readonly host: string;
  readonly patch: Patch;
}

function networkTest(
  name: string,
  { host, patch }: Case,
  test: (network: Network, container: Container) => Promise<void>,
): void {
  rootTest(name, async () => {
    await using network = await Network.make(host);
    await using container = new Container(patch);
    await test(network, container);
    assertSuccess(
      await container.davit(["delete", "--force", container.id]),
    );
    assertEquals(container.leftovers(), []);
  }, { programs: ["ip", "nsenter"] });
}

/** `davit run` where the network is the host's. */
function runIn(network: Network, container: Container): Promise<Result> {
  return network.run(
    container.words("run", "--bundle", container.bundle, container.id),
  );
}

networkTest(
  "a network device is moved with its addresses, and is up",
  { host: HOST, patch: shellScript(look("eth0"), devices({ eth0: {} })) },
  async (network, container) => {
    const { stdout } = assertSuccess(await runIn(network, container));
    assertEquals(stdout.trimEnd(), DEFAULT_SIGHT("eth0"));
    // Its network namespace has ended, and a virtual device ends with it.
    assertEquals(
      await network.sh("ip -o link show dev eth0 || echo none"),
      "none",
    );
  },
);

networkTest(
  "a network device gets another name",
  {
    host: HOST,
    patch: shellScript(look("net7"), devices({ eth0: { name: "net7" } })),
  },
  async (network, container) => {
    const { stdout } = assertSuccess(await runIn(network, container));
    assertEquals(stdout.trimEnd(), DEFAULT_SIGHT("net7"));
  },
);

networkTest(
  "what is wrong with one network device is found before any is moved",
  {
    host: `${HOST}\nip link add b0 type veth peer name b1`,
    patch: shellScript(
      "ls /sys/class/net | sort | tr '\\n' ' '",
      devices({
        eth0: { name: "net%d" },
        b0: { name: "net%d" },
        b1: { name: "net0" },
      }),
    ),
  },
  async (network, container) => {
    const { code, stdout, stderr } = await runIn(network, container);
    // The name is taken by a template's.
    assertEquals([code, stdout], [1, ""]);
    assertMatch(stderr, /"b1" .*the container has a device "net0" already/);
    assertEquals(
      (await network.sh("ip -o link show type veth | cut -d' ' -f2")).split(
        /@.*\s*/,
      )
        .filter(Boolean).sort(),
      ["b0", "b1", "eth0", "peer0"],
    );
  },
);

networkTest(
  "two templates of a name get two numbers",
  {
    host: `${HOST}\nip link add b0 type veth peer name b1`,
    patch: shellScript(
      "ls /sys/class/net | sort | tr '\\n' ' '",
      devices({ eth0: { name: "net%d" }, b0: { name: "net%d" } }),
    ),
  },
  async (network, container) => {
    const { stdout } = assertSuccess(await runIn(network, container));
    assertEquals(stdout, "lo net0 net1 ");
  },
);

networkTest(
  "a parameter of a moved device can be set, in a user namespace too",
  {
    host: HOST,
    patch: shellScript(
      "cat /proc/sys/net/ipv4/conf/eth0/forwarding; ip addr add 203.0.113.1/24 dev eth0 2>&1",
      devices({ eth0: {} }, (config) => {
        const map = [{ containerID: 0, hostID: 100000, size: 65536 }];
        config.linux.uidMappings = map;
        config.linux.gidMappings = map;
        config.linux.namespaces.push({ type: "user" });
        config.linux.sysctl = { "net.ipv4.conf.eth0.forwarding": "1" };
        for (const kind of ["bounding", "effective", "permitted"] as const) {
          config.process.capabilities[kind].push("CAP_NET_ADMIN");
        }
      }),
    ),
  },
  async (network, container) => {
    const { stdout } = assertSuccess(await runIn(network, container));
    assertEquals(stdout, "1\n");
  },
);

networkTest(
  "what a joined network namespace gets stays there",
  { host: HOST, patch: shellScript("true", devices({ eth0: {} })) },
  async (network, container) => {
    await using other = await Network.make("ip link add x0 type ifb");
    change(container, (config) => {
      for (const namespace of config.linux.namespaces) {
        if (namespace.type === "network") namespace.path = other.path;
      }
    });
    assertSuccess(await runIn(network, container));
    assertEquals(
      await other.sh(
        "ip -o -4 addr show dev eth0 | wc -l",
      ),
      "2",
    );
    // The name is taken now.
    await network.sh("ip link add eth0 type ifb");
    const { code, stderr } = await runIn(network, container);
    assertEquals(code, 1);
    assertMatch(stderr, /"eth0" .*the container has a device "eth0" already/);
    assertEquals(await network.sh("ip -o link show dev eth0 | wc -l"), "1");
  },
);

networkTest(
  "network devices are given back when a later step fails",
  {
    host: `${HOST}
      ip link add br0 type bridge
      ip link add port0 up master br0 type veth peer name port1`,
    patch: shellScript(
      "true",
      devices({ eth0: { name: "a" }, port0: { name: "b" } }, (config) => {
        config.linux.sysctl = { "net.no.such": "1" };
      }),
    ),
  },
  async (network, container) => {
    const sight = "ip -o addr show dev eth0 scope global permanent | " +
      "sed 's/^[0-9]*: //'; cat /sys/class/net/eth0/mtu; " +
      "ip -o link show dev port0 | grep -o 'master [a-z0-9]*'; " +
      "ip -o link show up | grep -c ' \\(eth0\\|port0\\)@'";
    const before = await network.sh(sight);
    assertMatch(before, /192\.0\.2\.7\/24[^]*2001:db8::7[^]*master br0\n2$/);
    const { code, stderr } = await runIn(network, container);
    assertEquals(code, 1);
    assertMatch(stderr, /set the sysctl net\.no\.such/);
    assertEquals(await network.sh(sight), before);
  },
);

for (
  const [what, host, netDevices, message] of [
    [
      "that is not there",
      "true",
      { eth9: {} },
      /"eth9" \(linux\.netDevices\): the host has no such device/,
    ],
    [
      "that cannot leave its namespace",
      "ip link set lo up",
      { lo: { name: "lo1" } },
      /"lo" \(linux\.netDevices\): Invalid argument/,
    ],
    [
      "whose name the container has",
      HOST,
      { eth0: { name: "lo" } },
      /"eth0" .*the container has a device "lo" already/,
    ],
  ] as const
) {
  networkTest(
    `run refuses a network device ${what}`,
    { host, patch: shellScript("true", devices(netDevices)) },
    async (network, container) => {
      const before = await network.sh("ip -o addr show");
      const { code, stderr } = await runIn(network, container);
      assertEquals(code, 1);
      assertMatch(stderr, message);
      assertEquals(await network.sh("ip -o addr show"), before);
    },
  );
}

for (
  const [what, path] of [
    ["without a network namespace", undefined],
    ["in the host's network", "/proc/self/ns/net"],
  ] as const
) {
  networkTest(
    `run refuses network devices ${what}`,
    { host: HOST, patch: shellScript("true", devices({ eth0: {} })) },
    async (network, container) => {
      change(container, ({ linux }) => {
        linux.namespaces = linux.namespaces.filter(({ type }) =>
          type !== "network"
        );
        if (path) linux.namespaces.push({ type: "network", path });
      });
      const { code, stderr } = await runIn(network, container);
      assertEquals(code, 1);
      assertMatch(stderr, /linux\.netDevices: needs a network namespace/);
      assertMatch(await network.sh("ip -o addr show eth0"), /192\.0\.2\.7/);
    },
  );
}

/**
 * The table of resources under Debian's kernel, beside runc and crun: what
 * other kernels at hand lack, and a few rows of the rest.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { join } from "@std/path/posix";
import { readConfig } from "../bundle.ts";
import { Container, onPath, rootTest } from "../container.ts";
import { DAVIT, REPO } from "../davit.ts";
import type { ResourceCase } from "../resource_case.ts";
import { resourceCases } from "../resource_cases.ts";
import { checkTable, type Peer, writeCases } from "../resource_table.ts";
import { bfqCases, controllerCases, ioCostCases } from "./cases.ts";
import { networkCases } from "./network_cases.ts";
import { DISK, type Layout, machineMissing, underDebian } from "./debian.ts";

const PEERS = ["runc", "crun"].filter(onPath) as Peer[];

/** Rows of the table that any kernel has. */
const COMMON =
  /^(memory, raised|cpu, shares|cpu, bursts|block devices, rates|pids,|what engines|devices)/;

/** What has to be there: huge pages, an RDMA device and a disk. */
const DEVICES = `
for module in virtio_blk crc32_generic rdma_rxe dummy; do load $module; done
echo 8 >/proc/sys/vm/nr_hugepages
ip link set dummy0 up
rdma link add rxe0 type rxe netdev dummy0
[ "$(cat /sys/block/vda/dev)" = ${DISK.major}:${DISK.minor} ] || exit 3
`;
const IO_COST =
  `echo "${DISK.major}:${DISK.minor} enable=1" >/sys/fs/cgroup/io.cost.qos\n`;
const BFQ = "load bfq; echo bfq >/sys/block/vda/queue/scheduler\n";

/** Parts of a table: what makes the machine ready, and then the rows. */
const PARTS: Record<Layout, readonly [string, readonly ResourceCase[]][]> = {
  v1: [
    [DEVICES + BFQ, [
      ...controllerCases(),
      ...networkCases(),
      ...bfqCases(DISK),
      ...resourceCases(DISK).filter(({ name }) => COMMON.test(name)),
    ]],
  ],
  v2: [
    [DEVICES + IO_COST, [
      ...controllerCases(),
      ...ioCostCases(DISK),
      ...resourceCases(DISK).filter(({ name }) => COMMON.test(name)),
    ]],
    [BFQ, bfqCases(DISK)],
  ],
};

/** Between the outputs of two parts. */
const MARK = "@@part";

for (const layout of ["v1", "v2"] as const) {
  rootTest(
    `resources: the table under Debian's kernel, cgroup ${layout}`,
    async () => {
      await using container = new Container();
      const config = readConfig(container.bundle);
      // crun knows versions 1.0.x alone.
      config.ociVersion = "1.0.2";
      config.process.args = ["sleep", "1000"];
      config.linux.cgroupsPath = `/${container.id}`;
      config.root.path = container.rootfs;
      const script = join(REPO, "tests/resource_table.sh");
      const runtimes = [DAVIT, ...PEERS].join(" ");
      const parts = PARTS[layout].map(([commands, rows], index) => {
        const cases = rows.filter((one) => one[layout] !== undefined);
        const folder = join(container.folder, `table${index}`);
        writeCases({ calledAs: folder, config, folder }, cases, layout);
        const table = `sh ${script} ${folder} ${container.id} ${runtimes}`;
        return { cases, text: `${commands}echo ${MARK}\n${table}\n` };
      });
      const { code, stdout, stderr } = await underDebian(
        layout,
        parts.map(({ text }) => text).join(""),
        800,
      );
      const [before, ...outputs] = stdout.split(`${MARK}\n`);
      assertEquals(
        { code, parts: outputs.length },
        { code: 0, parts: parts.length },
        `${before}\n${stdout}\n${stderr}`,
      );
      if (Deno.env.has("DAVIT_SHOW")) console.log(stdout);
      for (const [index, { cases }] of parts.entries()) {
        checkTable(outputs[index]!, cases, layout, PEERS);
      }
    },
    { missing: machineMissing() },
  );
}

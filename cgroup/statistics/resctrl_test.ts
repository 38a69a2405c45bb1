import { assertEquals } from "@std/assert";
import { existing, withRoot } from "../fake_cgroups.ts";
import { resctrlFolders, resctrlStatistics } from "./resctrl.ts";

Deno.test("resctrlFolders() finds the groups of a process", () => {
  const folders = (text: string) => resctrlFolders("/r", text);
  assertEquals(folders("res:/\nmon:/\n"), { control: "/r" });
  assertEquals(folders("res:g\nmon:\n"), { control: "/r/g" });
  assertEquals(folders("res:/\nmon:m/\n"), {
    control: "/r",
    monitoring: "/r/mon_groups/m",
  });
  assertEquals(folders("res:g\nmon:m\n"), {
    control: "/r/g",
    monitoring: "/r/g/mon_groups/m",
  });
  assertEquals(folders(""), undefined);
});

Deno.test(
  "resctrlStatistics() tells what the host can do",
  withRoot((root) => {
    existing(root, { schemata: "    L3:0=7ff;1=7ff\n    MB:0=100;1=100\n" });
    existing(`${root}/g`, { schemata: "L3:0=f;1=f0\nMB:0=20;1=70\n" });
    const none = resctrlStatistics(root, { control: `${root}/g` });
    assertEquals(none, { schemata: ["L3:0=f;1=f0", "MB:0=20;1=70"] });

    existing(`${root}/info/L3`, {
      cbm_mask: "7ff\n",
      min_cbm_bits: "2\n",
      num_closids: "16\n",
    });
    existing(`${root}/info/MB`, {
      bandwidth_gran: "10\n",
      delay_linear: "1\n",
      min_bandwidth: "10\n",
      num_closids: "8\n",
    });
    existing(`${root}/info/L3_MON`, {
      mon_features: "llc_occupancy\nmbm_total_bytes\nmbm_local_bytes\n",
    });
    const caches = [["00", "1"], ["01", "2"]] as const;
    for (const [name, number] of caches) {
      existing(`${root}/g/mon_groups/m/mon_data/mon_L3_${name}`, {
        llc_occupancy: `${number}000\n`,
        mbm_total_bytes: `${number}\n`,
        mbm_local_bytes: "Unavailable\n",
      });
    }
    const monitoring = `${root}/g/mon_groups/m`;
    const all = resctrlStatistics(root, { control: `${root}/g`, monitoring });
    assertEquals(all, {
      l3_cache_info: {
        cbm_mask: "7ff",
        min_cbm_bits: 2n,
        num_closids: 16n,
      },
      l3_cache_schema_root: "L3:0=7ff;1=7ff",
      l3_cache_schema: "L3:0=f;1=f0",
      mem_bw_info: {
        bandwidth_gran: 10n,
        delay_linear: 1n,
        min_bandwidth: 10n,
        num_closids: 8n,
      },
      mem_bw_schema_root: "MB:0=100;1=100",
      mem_bw_schema: "MB:0=20;1=70",
      schemata: ["L3:0=f;1=f0", "MB:0=20;1=70"],
      mbm_stats: [
        { mbm_total_bytes: 1n, mbm_local_bytes: 0n },
        { mbm_total_bytes: 2n, mbm_local_bytes: 0n },
      ],
      cmt_stats: [{ llc_occupancy: 1000n }, { llc_occupancy: 2000n }],
    });
  }),
);

/** containerd's CRI plugin, as kubelet uses it. */
import { onPath, rootTest } from "../container.ts";
import { DAVIT } from "../davit.ts";
import { Cri } from "./cri/cri.ts";
import { EXEC_ROWS } from "./cri/exec_rows.ts";
import { packagesMissing } from "./cri/packages.ts";
import { LIFE_ROWS } from "./cri/life_rows.ts";
import { SECURITY_ROWS } from "./cri/security_rows.ts";
import { PROGRAMS } from "./machine.ts";
import { compare } from "./table.ts";

rootTest("CRI", async (t) => {
  await using control = await Cri.start("runc");
  await using davit = await Cri.start(DAVIT);
  const rows = [...LIFE_ROWS, ...EXEC_ROWS, ...SECURITY_ROWS];
  await compare(t, "CRI", rows, { control, davit });
}, {
  programs: [...PROGRAMS, "containerd", "ctr", "runc"],
  missing: onPath("containerd") ? await packagesMissing() : undefined,
});

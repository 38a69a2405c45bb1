/**
 * Changes a bundle's configuration, and shows what that changes about the
 * container, without making one.
 *
 *     deno run -A examples/plan_diff.ts BUNDLE
 */
import { plan, planDifference, type Spec, validate } from "../mod.ts";

const [bundle] = Deno.args;
if (bundle === undefined) throw new Error("name a bundle");

const before: Spec = JSON.parse(Deno.readTextFileSync(`${bundle}/config.json`));
const after: Spec = {
  ...before,
  hostname: "hardened",
  root: { ...before.root, readonly: true },
  mounts: [
    ...before.mounts ?? [],
    { destination: "/tmp", type: "tmpfs", options: ["nosuid", "size=16m"] },
  ],
};

const { errors } = validate({ bundle, spec: after });
for (const { pointer, message } of errors) {
  console.log(`${pointer}: ${message}`);
}
if (errors.length > 0) Deno.exit(1);
const difference = planDifference(
  await plan({ bundle }),
  await plan({ bundle, spec: after }),
);
for (const line of difference) console.log(line);

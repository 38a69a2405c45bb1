/** The npm packages of the CRI client, which are no part of Davit. */
import { onPath } from "../../container.ts";
import { REPO, run } from "../../davit.ts";

/** Where they are installed, once. */
export const PACKAGES = `${REPO}/.cache/cri-client`;

const NAMES = [
  "@grpc/grpc-js@1.14.1",
  "@grpc/proto-loader@0.8.0",
  "ws@8.18.3",
];

/** Installs them where they are not; says what is missing when it cannot. */
export async function packagesMissing(): Promise<string | undefined> {
  if (!onPath("node") || !onPath("npm")) return "node and npm";
  const stamp = `${PACKAGES}/installed`;
  try {
    if (Deno.readTextFileSync(stamp) === NAMES.join(" ")) return undefined;
  } catch {
    // not yet
  }
  Deno.mkdirSync(PACKAGES, { recursive: true });
  Deno.writeTextFileSync(`${PACKAGES}/package.json`, "{}");
  const { code } = await run([
    ..."npm install --no-save --no-audit --no-fund --ignore-scripts".split(" "),
    ...["--prefix", PACKAGES, ...NAMES],
  ], { timeout: 120 });
  if (code !== 0) return `${NAMES.join(", ")} from npm`;
  Deno.writeTextFileSync(stamp, NAMES.join(" "));
  return undefined;
}

import { elements, fault, type Findings, property } from "./schema.ts";

/** Most lines of a uid_map, user_namespaces(7), since Linux 4.15. */
const MAPPINGS_MAX = 340;

/** The ID that means "no change", never mappable. */
const NO_ID = 0xffff_ffff;

/** Reports ID mappings that the kernel would refuse, user_namespaces(7). */
export function checkMappings(config: unknown, out: Findings): void {
  const mounts = elements(property(config, "mounts"));
  for (const name of ["uidMappings", "gidMappings"]) {
    checkAt(property(config, "linux"), "/linux", name, out);
    for (let i = 0; i < mounts.length; i++) {
      checkAt(mounts[i], `/mounts/${i}`, name, out);
    }
  }
}

function checkAt(
  holder: unknown,
  at: string,
  name: string,
  out: Findings,
): void {
  const mappings = elements(property(holder, name));
  if (mappings.length > 0) checkList(mappings, `${at}/${name}`, out);
}

function checkList(
  mappings: readonly unknown[],
  at: string,
  out: Findings,
): void {
  if (mappings.length > MAPPINGS_MAX) {
    const message = `must have at most ${MAPPINGS_MAX} mappings, found `;
    fault(out, at, mappings, message + mappings.length);
    return;
  }
  for (const side of ["containerID", "hostID"]) {
    const ranges: { i: number; first: number; end: number }[] = [];
    for (const [i, mapping] of mappings.entries()) {
      const first = property(mapping, side);
      const size = property(mapping, "size");
      if (typeof first !== "number" || typeof size !== "number") continue;
      const end = first + size;
      const other = ranges.find((r) => first < r.end && r.first < end);
      if (end > NO_ID) {
        const message = `must end below ${NO_ID}: ${first} and ${size} IDs ` +
          `end at ${end - 1}`;
        fault(out, `${at}/${i}/${side}`, first, message);
      } else if (other !== undefined) {
        const message = `IDs ${first} to ${end - 1} overlap with those of ` +
          `entry ${other.i}, ${other.first} to ${other.end - 1}`;
        fault(out, `${at}/${i}/${side}`, first, message);
      } else ranges.push({ i, first, end });
    }
  }
}

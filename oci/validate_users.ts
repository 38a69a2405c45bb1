import { elements, fault, type Findings, property } from "./schema.ts";

const AT = "/process/user";

/**
 * Reports IDs of the process that a new user namespace would not have: the
 * kernel lets nobody take one that is not mapped.
 */
export function checkMappedUser(config: unknown, out: Findings): void {
  const linux = property(config, "linux");
  const namespaces = elements(property(linux, "namespaces"));
  const user = namespaces.find((n) => property(n, "type") === "user");
  const process = property(config, "process");
  if (process === undefined || user === undefined) return;
  if (property(user, "path")) return;
  const ids = property(process, "user");
  const uids = elements(property(linux, "uidMappings"));
  const gids = elements(property(linux, "gidMappings"));
  const groups = elements(property(ids, "additionalGids"));
  const wanted: [unknown, string, readonly unknown[]][] = [
    [property(ids, "uid") ?? 0, `${AT}/uid`, uids],
    [property(ids, "gid") ?? 0, `${AT}/gid`, gids],
    ...groups.map((group, i): [unknown, string, readonly unknown[]] => [
      group,
      `${AT}/additionalGids/${i}`,
      gids,
    ]),
  ];
  for (const [id, pointer, mappings] of wanted) {
    if (!Number.isInteger(id) || isMapped(id as number, mappings)) continue;
    const name = mappings === uids ? "uidMappings" : "gidMappings";
    const message = `${id} is not one of the IDs that linux.${name} maps`;
    fault(out, pointer, id, message);
  }
}

/** Not when it is certain: maps that are wrong are reported as that. */
function isMapped(id: number, mappings: readonly unknown[]): boolean {
  return mappings.length === 0 || mappings.some((mapping) => {
    const first = property(mapping, "containerID");
    const size = property(mapping, "size");
    const sound = isId(first) && isId(size) && size > 0;
    return !sound || id >= first && id < first + size;
  });
}

function isId(value: unknown): value is number {
  return Number.isInteger(value) && value as number >= 0 &&
    value as number < 2 ** 32;
}

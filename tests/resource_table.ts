/**
 * The table of resources as data for resource_table.sh, and what it prints held
 * against the table.
 *
 * @module
 */

import { assert, assertEquals, assertMatch } from "@std/assert";
import type { Config } from "./config.ts";
import type { ResourceCase } from "./resource_case.ts";

/** A runtime that Davit is compared with. */
export type Peer = "runc" | "crun";

/** What was printed of a case and a runtime: `create FILE` to its value. */
type Seen = ReadonlyMap<string, string>;

/** Where the cases are, for the script and for those who run it. */
export interface CaseFolder {
  /** The folder that is made. */
  readonly folder: string;
  /** What it is called where the script runs. */
  readonly calledAs: string;
  /** The configuration of every case, without its resources. */
  readonly config: Config;
}

/** Makes a folder for the script, with the cases that there are. */
export function writeCases(
  { calledAs, config, folder }: CaseFolder,
  cases: readonly ResourceCase[],
  layout: "v1" | "v2",
): void {
  for (const [index, one] of cases.entries()) {
    const path = `${folder}/cases/${index}`;
    Deno.mkdirSync(path, { recursive: true });
    const linux = { ...config.linux, resources: one.resources };
    const write = (name: string, text: string) =>
      Deno.writeTextFileSync(`${path}/${name}`, text);
    write("config.json", JSON.stringify({ ...config, linux }));
    for (const [number, update] of (one.updates ?? []).entries()) {
      const json = `update${number + 1}.json`;
      const isFile = !Array.isArray(update);
      if (isFile) write(json, JSON.stringify(update));
      const args = isFile
        ? ["--resources", `${calledAs}/cases/${index}/${json}`]
        : update;
      write(`update${number + 1}`, lines(args));
    }
    write("files", lines(Object.keys(one[layout]?.files ?? {})));
  }
}

function lines(texts: readonly string[]): string {
  return texts.map((text) => `${text}\n`).join("");
}

/** The lines of the script by case and runtime. */
function parse(
  output: string,
  cases: readonly ResourceCase[],
): Map<ResourceCase, Map<string, Seen>> {
  const found = new Map<ResourceCase, Map<string, Map<string, string>>>();
  for (const line of output.split("\n")) {
    const [where, runtime = "", step, file, value = ""] = line.split("\t");
    const one = cases[Number(where)];
    if (one === undefined || step === undefined) continue;
    const runtimes = found.get(one) ?? new Map<string, Map<string, string>>();
    const seen = runtimes.get(runtime) ?? new Map<string, string>();
    seen.set(`${step} ${file}`, value.replace(/\|$/, ""));
    found.set(one, runtimes.set(runtime, seen));
  }
  return found;
}

/** Holds what Davit did against the table. */
function checkOwn(one: ResourceCase, layout: "v1" | "v2", seen: Seen): void {
  const { files = {}, refused, updateRefused = [] } = one[layout]!;
  const wanted = new Map<string, string>();
  for (const [file, values] of Object.entries(files)) {
    for (const [step, value] of values.entries()) {
      wanted.set(`${step === 0 ? "create" : `update${step}`} ${file}`, value);
    }
  }
  const found = new Map(seen);
  const failure = (step: string, words: RegExp) => {
    assertMatch(found.get(`${step} !`) ?? "", words, `${one.name}: ${step}`);
    found.delete(`${step} !`);
  };
  if (refused !== undefined) failure("create", refused);
  for (const [before, words] of [updateRefused].flat().toReversed().entries()) {
    failure(`update${one.updates!.length - before}`, words);
  }
  assertEquals(sorted(found), sorted(wanted), one.name);
}

function sorted(map: Seen): [string, string][] {
  return [...map].sort(([a], [b]) => a < b ? -1 : 1);
}

/** A peer that gives up on the host's layout, whatever it is asked for. */
const GIVES_UP = /cgroups in hybrid mode not supported/;

/** What a peer did otherwise, but for what the table tells of. */
function unexplained(
  { differs = [], name }: ResourceCase,
  peer: Peer,
  own: Seen,
  theirs: Seen,
): string[] {
  if (GIVES_UP.test(theirs.get("create !") ?? "")) return [];
  const found: string[] = [];
  for (const what of inOrder(own, theirs)) {
    const [a, b] = [own.get(what), theirs.get(what)];
    const failure = what.endsWith("!");
    if (failure ? (a === undefined) === (b === undefined) : a === b) continue;
    const told = differs.some((one) =>
      one.peers.includes(peer) && one.what.test(what)
    );
    const values = `${JSON.stringify(a)}, ${peer} ${JSON.stringify(b)}`;
    if (!told) found.push(`${name}: ${what}: ${values}`);
    // Where only one of them did it, there is nothing more to compare.
    if (failure) break;
  }
  return found;
}

/** What was seen, step by step, each step's failure first. */
function inOrder(...all: readonly Seen[]): string[] {
  const whats = new Set(all.flatMap((seen) => [...seen.keys()]));
  return [...whats].sort((a, b) => {
    const [stepA, stepB] = [a.split(" ")[0]!, b.split(" ")[0]!];
    if (stepA !== stepB) return stepA < stepB ? -1 : 1;
    return a.endsWith("!") ? -1 : b.endsWith("!") ? 1 : 0;
  });
}

/** Holds what the script printed against the table, and the peers. */
export function checkTable(
  output: string,
  cases: readonly ResourceCase[],
  layout: "v1" | "v2",
  peers: readonly Peer[],
): void {
  const found = parse(output, cases);
  const differences: string[] = [];
  for (const one of cases) {
    const runtimes = found.get(one) ?? new Map<string, Seen>();
    const own = runtimes.get("davit") ?? new Map();
    checkOwn(one, layout, own);
    for (const peer of peers) {
      const theirs = runtimes.get(peer) ?? new Map();
      differences.push(...unexplained(one, peer, own, theirs));
    }
  }
  assertEquals(differences, []);
  assert(found.size === cases.length, `only ${found.size} cases`);
}

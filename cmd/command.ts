import type { CgroupDriver, Runtime } from "../oci/runtime.ts";
import type { Option, Values } from "./options.ts";

/** What a command is called with. */
export interface Call<T extends readonly Option[] = readonly Option[]> {
  /** The state root and the log. */
  readonly runtime: Runtime;
  /** The global option `--cgroup-manager`. */
  readonly cgroupManager: CgroupDriver;
  /** The command's own options, as given. */
  readonly options: Values<T>;
  /** The other arguments; as many as the command asks for. */
  readonly args: readonly string[];
}

/** Which arguments a command takes besides options. */
export interface Arguments {
  /** How the help text writes them, such as `<container-id> [signal]`. */
  readonly synopsis: string;
  /** What is expected, for an error: `a container ID`. */
  readonly expected: string;
  /** The least number of them. */
  readonly min: number;
  /** The greatest number of them. */
  readonly max: number;
  /** Whether the first one is a container's ID. */
  readonly id: boolean;
  /** Whether options end at the first one: it starts somebody else's line. */
  readonly trailing?: boolean;
}

/** One command: its word in main.ts, the rest here and in its file. */
export interface Command<T extends readonly Option[] = readonly Option[]> {
  /** One line for the list of commands. */
  readonly summary: string;
  /** More for the command's own help text, wrapped at 80 columns. */
  readonly about: string;
  /** What it takes besides options. */
  readonly arguments: Arguments;
  /** Its own options; `--help` is everybody's. */
  readonly options: T;
  /** Does it; the result is the exit status. */
  run(call: Call<T>): number | Promise<number>;
}

/** From a command's word to what loads its file. */
export type CommandTable = Readonly<
  Record<string, () => Promise<{ readonly command: Command }>>
>;

/** The arguments of a command on one container. */
export const ONE_ID: Arguments = {
  synopsis: "<container-id>",
  expected: "exactly one container ID",
  min: 1,
  max: 1,
  id: true,
};

/** The arguments of a command that takes none. */
export const NONE: Arguments = {
  synopsis: "",
  expected: "no arguments",
  min: 0,
  max: 0,
  id: false,
};

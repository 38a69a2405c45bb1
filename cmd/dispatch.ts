import { refuseDumps } from "../ffi/process.ts";
import type { Runtime } from "../oci/runtime.ts";
import type { CommandTable } from "./command.ts";
import {
  chooseCgroupManager,
  GLOBAL_OPTIONS,
  type Globals,
  logFormat,
  logLevel,
  stateRoot,
} from "./global_options.ts";
import { print as printHelp, unknownCommand } from "./help.ts";
import { type Log, openLog } from "./log.ts";
import { parseOptions, usageError } from "./options.ts";
import { report } from "./report.ts";
import { TRACE_OPTION, withTrace } from "./trace.ts";
import { print as printVersion } from "./version.ts";

/** Runs a whole command line with more commands than those of a table. */
export type More = (
  args: readonly string[],
  commands: CommandTable,
) => Promise<number>;

/**
 * The whole of a run: parses the global options, picks the command, runs it.
 * An error becomes one line on stderr and in the log.
 *
 * @param more loads what knows the commands that the table lacks
 * @returns the exit status: the command's own, or 1 after an error
 */
export async function dispatch(
  args: readonly string[],
  commands: CommandTable,
  more?: () => Promise<More>,
): Promise<number> {
  let log: Log | undefined;
  let debug = false;
  let word: string | undefined;
  try {
    const globals = parseOptions(GLOBAL_OPTIONS, args, "davit", false);
    const rest = globals.args.slice(1);
    word = globals.args[0];
    if (globals.options.version) return printVersion();
    if (more !== undefined && !isHere(globals, commands)) {
      return await (await more())(args, commands);
    }
    if (globals.help || word === undefined) {
      return printHelp(commands, undefined);
    }
    const level = logLevel(globals.options);
    debug = level === "debug";
    log = openLog({
      file: globals.options.log || undefined,
      format: logFormat(globals.options["log-format"]),
      debug,
      ...level === "error" && { errorsOnly: true },
      fields: { name: "davit", pid: Deno.pid, source: "runtime" },
    });
    return await runCommand(word, rest, commands, globals.options, log);
  } catch (error) {
    return await report(error, log, debug, word);
  }
}

/** Whether a command line asks for nothing but what the table has. */
function isHere(
  { args: [word = "", ...rest], help }: {
    readonly args: readonly string[];
    readonly help: boolean;
  },
  commands: CommandTable,
): boolean {
  const about = word === "help" || word === "h"
    ? rest.find((arg) => !arg.startsWith("-")) ?? ""
    : word;
  return !help && Object.hasOwn(commands, about);
}

async function runCommand(
  word: string,
  args: readonly string[],
  commands: CommandTable,
  globals: Globals,
  log: Log,
): Promise<number> {
  const cgroupManager = chooseCgroupManager(globals);
  const root = stateRoot(globals.root);
  if (word === "help" || word === "h") {
    const about = args.find((arg) => !arg.startsWith("-"));
    return printHelp(commands, about);
  }
  if (!Object.hasOwn(commands, word)) {
    return unknownCommand(word);
  }
  refuseDumps(); // the environment of a container may hold secrets
  const who = `davit ${word}`;
  const { command } = await commands[word]!();
  const { arguments: wanted } = command;
  const parsed = parseOptions(command.options, args, who, !wanted.trailing);
  if (parsed.help) {
    return printHelp(commands, word);
  }
  const count = parsed.args.length;
  if (count < wanted.min || count > wanted.max) {
    throw usageError(
      who,
      `expected ${wanted.expected}, found ${count === 0 ? "none" : count}`,
    );
  }
  log.fields["command"] = word;
  if (wanted.id) log.fields["container"] = parsed.args[0];
  const { options, args: rest } = parsed;
  const run = (runtime: Runtime) =>
    command.run({ runtime, cgroupManager, options, args: rest });
  const trace = command.options.includes(TRACE_OPTION) && options["trace"];
  return await (typeof trace === "string"
    ? withTrace(trace, { root, log }, run)
    : run({ root, log }));
}

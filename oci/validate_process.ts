import {
  elements,
  fault,
  type Findings,
  isObject,
  property,
} from "./schema.ts";

/** Highest number of a processor that the kernel's calls have room for here. */
const CPU_MAX = 8191;

/**
 * Checks what parts of `process`, and of the memory policy, demand of each
 * other and of the kernel.
 */
export function checkProcess(config: unknown, out: Findings): void {
  checkMemoryPolicy(property(property(config, "linux"), "memoryPolicy"), out);
  const process = property(config, "process");
  if (!isObject(process)) return;
  const { scheduler, ioPriority, execCPUAffinity } = process;
  if (isObject(scheduler)) checkScheduler(scheduler, out);
  if (isObject(ioPriority)) checkIoPriority(ioPriority, out);
  if (!isObject(execCPUAffinity)) return;
  for (const name of ["initial", "final"]) {
    checkCpus(execCPUAffinity[name], `/process/execCPUAffinity/${name}`, out);
  }
}

/** sched_setattr(2) answers EINVAL to all of these. */
function checkScheduler(
  scheduler: Readonly<Record<string, unknown>>,
  out: Findings,
): void {
  const at = "/process/scheduler";
  const { policy, priority } = scheduler;
  const nice = scheduler["nice"] ?? 0;
  if (typeof nice === "number" && (nice < -20 || nice > 19)) {
    fault(out, `${at}/nice`, nice, `must be from -20 to 19, found ${nice}`);
  }
  const realTime = policy === "SCHED_FIFO" || policy === "SCHED_RR";
  if (typeof policy !== "string") return;
  if (realTime) {
    const given = priority ?? 0;
    if (typeof given === "number" && (given < 1 || given > 99)) {
      fault(
        out,
        `${at}/priority`,
        given,
        `must be from 1 to 99 with ${policy}, found ${given}`,
      );
    }
  } else if (priority !== undefined && priority !== null && priority !== 0) {
    fault(
      out,
      `${at}/priority`,
      priority,
      "goes with SCHED_FIFO and SCHED_RR only",
    );
  }
  for (const name of ["runtime", "deadline", "period"]) {
    const value = scheduler[name] ?? 0;
    if (value === 0 || policy === "SCHED_DEADLINE") continue;
    fault(out, `${at}/${name}`, value, "goes with SCHED_DEADLINE only");
  }
  elements(scheduler["flags"]).forEach((flag, i) => {
    if (typeof flag !== "string" || !flag.includes("UTIL_CLAMP")) return;
    fault(
      out,
      `${at}/flags/${i}`,
      flag,
      "needs a utilization to clamp to, which the specification has no " +
        "property for",
    );
  });
}

function checkIoPriority(
  ioPriority: Readonly<Record<string, unknown>>,
  out: Findings,
): void {
  const priority = ioPriority["priority"] ?? 0;
  if (typeof priority !== "number" || priority >= 0 && priority <= 7) return;
  fault(
    out,
    "/process/ioPriority/priority",
    priority,
    `must be from 0 to 7, found ${priority}`,
  );
}

/** Modes that take no nodes, set_mempolicy(2). */
const NODELESS = ["MPOL_DEFAULT", "MPOL_LOCAL"];
/** Highest number of a memory node that the kernel may be built for. */
const NODE_MAX = 1023;

function checkMemoryPolicy(policy: unknown, out: Findings): void {
  const mode = property(policy, "mode");
  const nodes = property(policy, "nodes") ?? "";
  if (typeof mode !== "string" || typeof nodes !== "string") return;
  const at = "/linux/memoryPolicy/nodes";
  if (nodes === "") {
    // Preferring nothing means preferring what is near.
    if (NODELESS.includes(mode) || mode === "MPOL_PREFERRED") return;
    fault(out, at, nodes, `must name nodes for ${mode}`);
  } else if (NODELESS.includes(mode)) {
    fault(
      out,
      at,
      nodes,
      `${mode} takes no nodes: mode requires 0 nodes but got ${
        isList(nodes, NODE_MAX) ? listLength(nodes) : nodes
      }`,
    );
  } else if (!isList(nodes, NODE_MAX)) {
    fault(
      out,
      at,
      nodes,
      `must be a list of memory nodes like "0-3,7", up to ${NODE_MAX}`,
    );
  }
}

/** How many numbers a list like "0-3,7" has. */
function listLength(list: string): number {
  return list.split(",").reduce((sum, part) => {
    const [first, last = first] = part.split("-").map(Number);
    return sum + last! - first! + 1;
  }, 0);
}

/** Whether it is a list like "0-3,7", as cpuset(7) has it. */
function isList(value: string, most: number): boolean {
  return value.split(",").every((part) => {
    const [, first, last = first] = /^ *(\d+)(?:-(\d+))? *$/.exec(part) ?? [];
    return first !== undefined && Number(first) <= Number(last) &&
      Number(last) <= most;
  });
}

function checkCpus(value: unknown, at: string, out: Findings): void {
  if (typeof value !== "string" || value === "") return;
  if (isList(value, CPU_MAX)) return;
  fault(
    out,
    at,
    value,
    `must be a list of processors like "0-3,7", up to ${CPU_MAX}`,
  );
}

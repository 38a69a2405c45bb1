/**
 * What a container uses, and when its memory runs out, as runc tells it: an
 * object of JSON on a line for each event.
 *
 * @module
 */

import { cgroupManagerFromState } from "../cgroup/existing.ts";
import { type OomWatch, watchOom } from "../cgroup/oom_watch.ts";
import {
  resctrlFolders,
  resctrlStatistics,
} from "../cgroup/statistics/resctrl.ts";
import { statistics } from "../cgroup/statistics/statistics.ts";
import type { Statistics } from "../cgroup/statistics/types.ts";
import { type Fd, Handle } from "../ffi/fd.ts";
import { readText } from "../ffi/files.ts";
import { poll, POLLGONE, POLLIN } from "../ffi/poll.ts";
import { pidfdOpen } from "../ffi/process.ts";
import { getExistingContainerInfo } from "./container_info.ts";
import { RuntimeError } from "./errors.ts";
import { explained } from "./explain.ts";
import { statusOf } from "./init_process.ts";
import { toJson } from "./json_text.ts";
import { quote } from "./quote.ts";
import { resctrlMount } from "./resctrl.ts";
import type { Runtime } from "./runtime.ts";
import type { ContainerRecord } from "./store.ts";

/** Who is told of events. */
export interface EventSink {
  /** Takes an event's line; false when nobody reads any more. */
  readonly write: (line: string) => boolean;
  /** What it writes to: its reader's end is an end of events. */
  readonly fd: number;
}

/**
 * Tells once what a container uses.
 *
 * @throws {RuntimeError} not-found; state: the container is not running
 */
export function tellStatistics(
  runtime: Runtime,
  id: string,
  sink: EventSink,
): void {
  explained(`read statistics of container ${quote(id)}`, () => {
    sink.write(statisticsLine(running(runtime, id)));
  });
}

/**
 * Tells what a container uses each `interval` milliseconds, and when its
 * memory runs out, until it ends.
 *
 * @throws {RuntimeError} not-found; state: the container is not running
 */
export function tellEvents(
  runtime: Runtime,
  id: string,
  interval: number,
  sink: EventSink,
): void {
  explained(`watch container ${quote(id)}`, () => {
    const record = running(runtime, id);
    const pidfd = pidfdOpen(record.init!.pid);
    if (pidfd === undefined) return; // it has ended since
    using init = new Handle(pidfd);
    using watch = watchOom(record.cgroups.directories);
    if (watch === undefined) {
      runtime.log.warn(
        "no cgroup of the container limits memory: events of type oom are " +
          "not told",
      );
    }
    follow(record, { interval, sink, init: init.fd, watch });
  });
}

function follow(
  record: ContainerRecord,
  { interval, sink, init, watch }: {
    readonly interval: number;
    readonly sink: EventSink;
    readonly init: Fd;
    readonly watch: OomWatch | undefined;
  },
): void {
  const wanted = [
    { fd: init, events: POLLIN },
    { fd: sink.fd, events: 0 },
    { fd: watch?.fd ?? -1, events: watch?.events ?? 0 },
  ];
  let next = performance.now() + interval;
  for (;;) {
    const wait = Math.max(0, next - performance.now());
    const [ended = 0, reader = 0] = poll(wanted, wait);
    if ((reader & POLLGONE) !== 0) return;
    for (let left = watch?.take() ?? 0; left > 0; left--) {
      if (!sink.write(eventLine({ type: "oom", id: record.id }))) return;
    }
    if (ended !== 0) return;
    if (performance.now() < next) continue;
    if (!sink.write(statisticsLine(record))) return;
    next = Math.max(next + interval, performance.now());
  }
}

function running(runtime: Runtime, id: string): ContainerRecord {
  const { record } = getExistingContainerInfo(runtime, id);
  const status = statusOf(runtime.root, record);
  if (status !== "stopped" && status !== "creating") return record;
  throw new RuntimeError(
    "state",
    `Cannot tell events: container with id ${id} is not running, it is ` +
      status,
  );
}

/**
 * What a container uses now.
 *
 * @throws {RuntimeError} not-found; state: the container is not running
 */
export function currentStatistics(runtime: Runtime, id: string): Statistics {
  return explained(`read statistics of container ${quote(id)}`, () => {
    const { cgroups } = running(runtime, id);
    return statistics(cgroupManagerFromState(cgroups).directories);
  });
}

function statisticsLine(record: ContainerRecord): string {
  const { directories } = cgroupManagerFromState(record.cgroups);
  return eventLine({
    type: "stats",
    id: record.id,
    data: {
      ...statistics(directories),
      intel_rdt: intelRdt(record),
      // runc has interfaces only of containers that it was not given by OCI.
      network_interfaces: null,
    },
  });
}

/** What resctrl tells of a container whose config has `linux.intelRdt`. */
function intelRdt({ init, resctrl }: ContainerRecord): object {
  if (resctrl === undefined || init === undefined) return {};
  const root = resctrlMount(readText("/proc/self/mountinfo"));
  if (root === undefined) return {};
  try {
    const groups = readText(`/proc/${init.pid}/cpu_resctrl_groups`);
    const folders = resctrlFolders(root, groups);
    return folders === undefined ? {} : resctrlStatistics(root, folders);
  } catch {
    return {}; // it has ended
  }
}

/** Counters have 64 bits, and are written with all their digits. */
function eventLine(event: object): string {
  return `${toJson(event)}\n`;
}

/**
 * The messages of `criu swrk`. Source: criu's `images/rpc.proto`.
 *
 * @module
 */

import { decode, encode, type Field, inner, int, text } from "./protobuf.ts";

/** Kinds of requests, `criu_req_type`. */
export const REQUEST = {
  dump: 1,
  restore: 2,
  preDump: 4,
  notify: 6,
  featureCheck: 9,
  version: 10,
} as const;

/** How cgroups of the processes are saved and restored, `criu_cg_mode`. */
export const CGROUP_MODES: Readonly<Record<string, number>> = {
  ignore: 0,
  soft: 3,
  full: 4,
  strict: 5,
};
/** `criu_cg_mode` where nobody says. */
export const CGROUP_MODE_DEFAULT = 6;

/** What stops packets meanwhile, `criu_network_lock_method`. */
export const NETWORK_LOCKS: Readonly<Record<string, number>> = {
  iptables: 1,
  nftables: 2,
  skip: 3,
};

/** What criu is asked to do, `criu_opts`; absent is as criu has it. */
export interface CriuOptions {
  /** Descriptor of the folder with the images, in the process that has made
   * criu's socket. */
  readonly imagesDir: number;
  /** The same of the folder for the log. */
  readonly workDir?: number;
  readonly logFile: string;
  readonly root: string;
  readonly pid?: number;
  readonly leaveRunning?: boolean;
  readonly extUnixSk?: boolean;
  readonly tcpEstablished?: boolean;
  readonly tcpSkipInFlight?: boolean;
  readonly linkRemap?: boolean;
  /** Restore although devices have other numbers. */
  readonly evasiveDevices?: boolean;
  readonly shellJob?: boolean;
  readonly fileLocks?: boolean;
  readonly autoDedup?: boolean;
  readonly lazyPages?: boolean;
  readonly statusFd?: number;
  readonly pageServer?: { readonly address: string; readonly port: number };
  /** The folder of the images before, relative to that of the images. */
  readonly parentImages?: string;
  readonly trackMemory?: boolean;
  /** Restore init as a sibling of criu's, a child of who started criu. */
  readonly sibling?: boolean;
  readonly cgroupsMode: number;
  /** Where the restored processes are to be: controllers and paths. */
  readonly cgroupRoots?: readonly (readonly [string, string])[];
  readonly freezeCgroup?: string;
  /** What lies outside: `TYPE[KEY]:VALUE`. */
  readonly external?: readonly string[];
  /** Descriptors of criu's in the place of what was external. */
  readonly inherited?: readonly (readonly [key: string, fd: number])[];
  /** Namespaces to join: kinds and paths. */
  readonly join?: readonly (readonly [string, string])[];
  /** CLONE_NEW flags of namespaces that are made anew and empty. */
  readonly emptyNamespaces?: number;
  readonly configFile?: string;
  /** Restore TCP connections closed. */
  readonly tcpClose?: boolean;
  /** One of NETWORK_LOCKS. */
  readonly networkLock?: number;
  readonly lsmProfile?: string;
  readonly lsmMountContext?: string;
}

/** How much criu writes into its log: debug messages, too. */
const LOG_LEVEL = 4;

/** The bytes of a request. */
export function request(
  type: number,
  options?: CriuOptions,
): Uint8Array<ArrayBuffer> {
  return encode([[1, type], [2, options && encode(optionFields(options))]]);
}

/** The answer to a notification: it is done. */
export function notified(): Uint8Array<ArrayBuffer> {
  return encode([[1, REQUEST.notify], [3, true]]);
}

/** Asks whether criu and the kernel have features, by their field's number. */
export function featureRequest(feature: number): Uint8Array<ArrayBuffer> {
  return encode([[1, REQUEST.featureCheck], [5, encode([[feature, true]])]]);
}

/** Fields of `criu_features`. */
export const FEATURE = { memTrack: 1, lazyPages: 2 } as const;

function pair(a: string, b: string | number): Uint8Array<ArrayBuffer> {
  return encode([[1, a], [2, b]]);
}

/** A switch that is off is as absent, for an older criu. */
function on(wanted: boolean | undefined): true | undefined {
  return wanted ? true : undefined;
}

function optionFields(options: CriuOptions): Field[] {
  const { cgroupRoots = [], external = [], inherited = [], join = [] } =
    options;
  const { pageServer } = options;
  return [
    [1, options.imagesDir],
    [2, options.pid],
    [3, on(options.leaveRunning)],
    [4, on(options.extUnixSk)],
    [5, on(options.tcpEstablished)],
    [6, on(options.evasiveDevices)],
    [7, on(options.shellJob)],
    [8, on(options.fileLocks)],
    [9, LOG_LEVEL],
    [10, options.logFile],
    [11, pageServer && pair(pageServer.address, pageServer.port)],
    [12, true], // notifications
    [13, options.root],
    [14, options.parentImages],
    [15, on(options.trackMemory)],
    [16, on(options.autoDedup)],
    [17, options.workDir],
    [18, on(options.linkRemap)],
    [24, true], // manage cgroups
    ...cgroupRoots.map(([name, path]): Field => [25, pair(name, path)]),
    [26, on(options.sibling)],
    ...inherited.map(([key, fd]): Field => [27, pair(key, fd)]),
    [34, options.cgroupsMode],
    ...external.map((entry): Field => [37, entry]),
    [38, options.emptyNamespaces],
    ...join.map(([kind, path]): Field => [39, pair(kind, path)]),
    [44, options.freezeCgroup],
    [46, on(options.tcpSkipInFlight)],
    [48, on(options.lazyPages)],
    [49, options.statusFd],
    [50, true], // notify of terminals without a master
    [51, options.configFile],
    [52, on(options.tcpClose)],
    [53, options.lsmProfile],
    [63, options.lsmMountContext],
    [64, options.networkLock],
  ];
}

/** What criu answers, or asks for. */
export interface Response {
  readonly type: number;
  readonly success: boolean;
  /** What is about to happen, and for whom. */
  readonly notify?: { readonly script: string; readonly pid: number };
  /** Why it failed: a number, and with newer criu a text. */
  readonly errno: number;
  readonly message?: string;
  /** Whether each feature that was asked for is there, by its field. */
  readonly features: (field: number) => boolean;
  /** As 31701 for 3.17.1. */
  readonly version: number;
}

/**
 * Reads a response.
 * @throws {RangeError} it is none
 */
export function parseResponse(bytes: Uint8Array): Response {
  const message = decode(bytes);
  const notify = inner(message, 5);
  const features = inner(message, 8);
  const version = inner(message, 10);
  const said = text(message, 9)?.trim();
  return {
    type: int(message, 1) ?? 0,
    success: int(message, 2) === 1,
    ...notify && {
      notify: { script: text(notify, 1) ?? "", pid: int(notify, 2) ?? 0 },
    },
    errno: int(message, 7) ?? 0,
    ...said && { message: said },
    features: (field) => features !== undefined && int(features, field) === 1,
    version: version === undefined ? 0 : (int(version, 1) ?? 0) * 10000 +
      (int(version, 2) ?? 0) * 100 + (int(version, 4) ?? 0),
  };
}

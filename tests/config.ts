/** The parts of a config.json that the tests change. */
export interface Config {
  ociVersion: string;
  hostname: string;
  annotations?: Record<string, string>;
  root: { path: string; readonly: boolean };
  process: Process;
  mounts: Mount[];
  linux: Linux;
  [other: string]: unknown;
}

export interface Process {
  terminal: boolean;
  consoleSize?: { height: number; width: number };
  user: {
    uid: number;
    gid: number;
    umask?: number;
    additionalGids?: number[];
  };
  args: string[];
  env: string[];
  cwd: string;
  capabilities: Record<CapabilitySet, string[]>;
  rlimits: { type: string; hard: number; soft: number }[];
  noNewPrivileges: boolean;
  oomScoreAdj?: number;
  [other: string]: unknown;
}

export type CapabilitySet =
  | "bounding"
  | "effective"
  | "inheritable"
  | "permitted"
  | "ambient";

export interface Mount {
  destination: string;
  type?: string;
  source?: string;
  options?: string[];
}

export interface Linux {
  namespaces: { type: string; path?: string }[];
  maskedPaths: string[];
  readonlyPaths: string[];
  resources?: Record<string, unknown>;
  cgroupsPath?: string;
  uidMappings?: IdMapping[];
  gidMappings?: IdMapping[];
  devices?: Record<string, unknown>[];
  [other: string]: unknown;
}

export interface IdMapping {
  containerID: number;
  hostID: number;
  size: number;
}

export type Patch = (config: Config) => void;

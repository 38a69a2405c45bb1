import {
  CGROUP_MODE_DEFAULT,
  CGROUP_MODES,
  type CriuOptions,
  NETWORK_LOCKS,
} from "./rpc.ts";

const CLONE_NEWNET = 0x40000000;

/** What `checkpoint` and `restore` have in common on the command line. */
export interface CriuFlags {
  /** The folder with the images, an absolute path. */
  readonly imagePath: string;
  /** The folder for criu's log; absent: that of the images. */
  readonly workPath?: string;
  readonly tcpEstablished: boolean;
  readonly extUnixSk: boolean;
  readonly shellJob: boolean;
  readonly fileLocks: boolean;
  readonly autoDedup: boolean;
  readonly lazyPages: boolean;
  /** One of CGROUP_MODES; absent: as criu has it. */
  readonly cgroupsMode?: string;
  /** One of NETWORK_LOCKS; absent: as criu has it. */
  readonly networkLock?: string;
}

/** The annotation that names a file with settings for criu. */
const CONFIG_ANNOTATION = "org.criu.config";
/** Where settings are looked for without it. */
const CONFIG_FILE = "/etc/criu/davit.conf";

/**
 * What both ask of criu. The network is restored empty: its devices are made
 * by engines, which make them anew.
 */
export function commonOptions(
  flags: CriuFlags,
  annotations: Readonly<Record<string, string>>,
): Omit<CriuOptions, "imagesDir" | "logFile" | "root"> {
  const { [CONFIG_ANNOTATION]: own } = annotations;
  const { cgroupsMode, networkLock } = flags;
  const configFile = own ?? CONFIG_FILE;
  return {
    tcpEstablished: flags.tcpEstablished,
    extUnixSk: flags.extUnixSk,
    shellJob: flags.shellJob,
    fileLocks: flags.fileLocks,
    autoDedup: flags.autoDedup,
    lazyPages: flags.lazyPages,
    emptyNamespaces: CLONE_NEWNET,
    cgroupsMode: cgroupsMode === undefined
      ? CGROUP_MODE_DEFAULT
      : CGROUP_MODES[cgroupsMode]!,
    ...networkLock !== undefined && {
      networkLock: NETWORK_LOCKS[networkLock]!,
    },
    ...configFile !== "" && { configFile },
  };
}

/** Signal numbers of Linux on x86_64 and aarch64, signal(7). */
export const SIGNALS: Readonly<Record<string, number>> = {
  HUP: 1,
  INT: 2,
  QUIT: 3,
  ILL: 4,
  TRAP: 5,
  ABRT: 6,
  IOT: 6,
  BUS: 7,
  FPE: 8,
  KILL: 9,
  USR1: 10,
  SEGV: 11,
  USR2: 12,
  PIPE: 13,
  ALRM: 14,
  TERM: 15,
  STKFLT: 16,
  CHLD: 17,
  CLD: 17,
  CONT: 18,
  STOP: 19,
  TSTP: 20,
  TTIN: 21,
  TTOU: 22,
  URG: 23,
  XCPU: 24,
  XFSZ: 25,
  VTALRM: 26,
  PROF: 27,
  WINCH: 28,
  IO: 29,
  POLL: 29,
  PWR: 30,
  SYS: 31,
};

/** The lowest and the highest real-time signal that programs may use. */
const RTMIN = 34, RTMAX = 64;

/**
 * The number of a signal given by name or number: `TERM`, `sigterm`, `15`,
 * `RTMIN+1`, `RTMAX-2`. Undefined when there is no such signal.
 */
export function signalNumber(signal: string): number | undefined {
  if (/^\d+$/.test(signal)) {
    const number = Number(signal);
    return number >= 1 && number <= RTMAX ? number : undefined;
  }
  const name = signal.toUpperCase().replace(/^SIG/, "");
  if (Object.hasOwn(SIGNALS, name)) return SIGNALS[name];
  const realTime = /^(RTMIN|RTMAX)(?:([+-])(\d+))?$/.exec(name);
  if (realTime === null) return undefined;
  const [, base, sign = "+", distance = "0"] = realTime;
  const number = (base === "RTMIN" ? RTMIN : RTMAX) +
    Number(distance) * (sign === "+" ? 1 : -1);
  return number >= RTMIN && number <= RTMAX ? number : undefined;
}

/** The name of a signal number, such as `SIGTERM`. */
export function signalName(number: number): string {
  const known = Object.entries(SIGNALS).find(([, n]) => n === number);
  if (known) return `SIG${known[0]}`;
  return number >= RTMIN ? `SIGRTMIN+${number - RTMIN}` : `signal ${number}`;
}

import { quote } from "./quote.ts";
import {
  elements,
  fault,
  type Findings,
  isObject,
  property,
} from "./schema.ts";

const AT = "/linux/seccomp";
/** Highest errno that a filter can give, the kernel's MAX_ERRNO. */
const ERRNO_MAX = 4095;
/** Highest message for a tracer: 16 bits, seccomp(2). */
const MESSAGE_MAX = 0xffff;
/** A flag about the listener. */
const WAIT_KILLABLE = "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV";
/** Calls with which init hands the listener over. */
const NEEDED = ["write", "sendmsg"];

/** Checks what the parts of a seccomp profile demand of each other. */
export function checkSeccomp(config: unknown, out: Findings): void {
  const seccomp = property(property(config, "linux"), "seccomp");
  if (!isObject(seccomp)) return;
  checkData(out, AT, seccomp, "defaultAction", "defaultErrnoRet");
  const rules = elements(seccomp["syscalls"]);
  const listener = seccomp["listenerPath"];
  const hasListener = typeof listener === "string" && listener !== "";
  rules.forEach((rule, i) => {
    const at = `${AT}/syscalls/${i}`;
    checkData(out, at, rule, "action", "errnoRet");
    const action = property(rule, "action");
    if (action !== "SCMP_ACT_NOTIFY") return;
    if (!hasListener) {
      fault(
        out,
        `${at}/action`,
        action,
        "SCMP_ACT_NOTIFY needs a listenerPath, there is none",
      );
    }
    elements(property(rule, "names")).forEach((name, k) => {
      if (!NEEDED.includes(name as string)) return;
      fault(
        out,
        `${at}/names/${k}`,
        name,
        `SCMP_ACT_NOTIFY cannot be used for the ${name} syscall: the ` +
          "container is being made with it",
      );
    });
  });
  const notifies = rules.some((rule) =>
    property(rule, "action") === "SCMP_ACT_NOTIFY"
  );
  elements(seccomp["flags"]).forEach((flag, i) => {
    if (flag !== WAIT_KILLABLE || notifies) return;
    fault(
      out,
      `${AT}/flags/${i}`,
      flag,
      "needs SCMP_ACT_NOTIFY in a rule, there is none",
    );
  });
  const byDefault = seccomp["defaultAction"];
  if (byDefault === "SCMP_ACT_NOTIFY") {
    fault(
      out,
      `${AT}/defaultAction`,
      byDefault,
      "SCMP_ACT_NOTIFY cannot be used as default action",
    );
  }
  const metadata = seccomp["listenerMetadata"];
  if (typeof metadata === "string" && metadata !== "" && !hasListener) {
    fault(
      out,
      `${AT}/listenerMetadata`,
      metadata,
      "listenerMetadata needs a listenerPath, there is none",
    );
  }
}

/** Only two actions take a number, of a limited size. */
function checkData(
  out: Findings,
  at: string,
  holder: unknown,
  action: string,
  data: string,
): void {
  const number = property(holder, data);
  const name = property(holder, action);
  if (typeof number !== "number" || typeof name !== "string") return;
  const most = name === "SCMP_ACT_ERRNO" ? ERRNO_MAX : MESSAGE_MAX;
  if (name !== "SCMP_ACT_ERRNO" && name !== "SCMP_ACT_TRACE") {
    fault(
      out,
      `${at}/${data}`,
      number,
      `goes with SCMP_ACT_ERRNO and SCMP_ACT_TRACE only, found ${quote(name)}`,
    );
  } else if (number > most) {
    fault(out, `${at}/${data}`, number, `must be at most ${most}`);
  }
}

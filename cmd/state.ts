import { state } from "../oci/container_info.ts";
import { type Command, ONE_ID } from "./command.ts";
import { writeOut } from "./output.ts";
import { orderedState } from "./ordered_state.ts";

/** `davit state`: a container's state as JSON. */
export const command: Command<readonly []> = {
  summary: "print the state of a container",
  about:
    `Prints what a container is and does, as JSON: the state that the OCI runtime
specification defines, with the root file system, the time of creation and
the owner.`,
  arguments: ONE_ID,
  options: [],
  run({ runtime, args: [id = ""] }) {
    const report = orderedState(state(runtime, id));
    writeOut(`${JSON.stringify(report, null, 2)}\n`);
    return 0;
  },
};

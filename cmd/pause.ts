import { pause } from "../oci/pause.ts";
import { type Command, ONE_ID } from "./command.ts";

/** `davit pause`: stops all processes of a container. */
export const command: Command<readonly []> = {
  summary: "suspend all processes of a container",
  about:
    `Stops every process of a created or running container, those that it starts
at this moment included, until "davit resume". Signals wait until then, but for
SIGKILL. A paused container can be deleted with "--force".`,
  arguments: ONE_ID,
  options: [],
  run({ runtime, args: [id = ""] }) {
    pause(runtime, id);
    return 0;
  },
};

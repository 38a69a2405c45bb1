import { resume } from "../oci/pause.ts";
import { type Command, ONE_ID } from "./command.ts";

/** `davit resume`: lets a paused container go on. */
export const command: Command<readonly []> = {
  summary: "let all processes of a paused container go on",
  about: `Undoes what "davit pause" did.`,
  arguments: ONE_ID,
  options: [],
  run({ runtime, args: [id = ""] }) {
    resume(runtime, id);
    return 0;
  },
};

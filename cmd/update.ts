import { update } from "../oci/update.ts";
import type { Command } from "./command.ts";
import { ONE_ID } from "./command.ts";
import { givenSettings, OPTIONS, resourcesOf } from "./update_options.ts";

/** `davit update`: changes what a container may use. */
export const command: Command<typeof OPTIONS> = {
  summary: "change the limits of a container",
  about:
    `Sets other limits for a created, running or paused container. What is not given
stays as it is; if something cannot be set, all stays as it was. A file has
what "linux.resources" of config.json has:

    # echo '{"memory":{"limit":67108864},"pids":{"limit":50}}' |
          davit update --resources - <container-id>

With a file the options for single limits are not looked at. Device rules are
changed as well, unless they are just one that denies everything: engines send
that with every update.`,
  arguments: ONE_ID,
  options: OPTIONS,
  async run({ runtime, options, args: [id = ""] }) {
    const file = options.resources || undefined;
    const { "l3-cache-schema": l3, "mem-bw-schema": bandwidth } = options;
    const single = givenSettings(options);
    if (file !== undefined && single.length > 0) {
      runtime.log.warn(
        `${single.join(", ")}: not looked at beside --resources`,
      );
    }
    await update(runtime, id, {
      ...file !== undefined && { file },
      resources: file === undefined ? resourcesOf(options, "davit update") : {},
      ...l3 && { l3CacheSchema: l3 },
      ...bandwidth && { memBwSchema: bandwidth },
    });
    return 0;
  },
};

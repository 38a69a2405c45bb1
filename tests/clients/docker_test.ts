/** dockerd with docker and BuildKit. */
import { rootTest } from "../container.ts";
import { DAVIT } from "../davit.ts";
import { CLIENT, Docker, IMAGE } from "./docker.ts";
import { DOCKER_CONFIG_ROWS } from "./docker_config_rows.ts";
import { DOCKER_ROWS, FINALE, PRELUDE } from "./docker_rows.ts";
import { PROGRAMS } from "./machine.ts";
import { assertRow, compare, type Row, type ScriptRow } from "./table.ts";

let count = 0;

/** A row as a test of one side. */
function rowOf(row: ScriptRow): Row<Docker> {
  return {
    ...row,
    async run({ machine, host }) {
      const env = {
        ID: `d${++count}`,
        IMAGE: IMAGE.name,
        MACHINE: machine.id,
        PRELUDE: machine.path("prelude.sh"),
        DOCKER: CLIENT,
        HOST: host,
      };
      const script = (text: string) =>
        machine.run(["sh", "-c", `. ${env.PRELUDE}\n${text}`], { env });
      const result = await script(row.script);
      await script(FINALE);
      assertRow(row, result);
    },
  };
}

async function startSide(runtime: string): Promise<Docker> {
  const docker = await Docker.start(runtime);
  Deno.writeTextFileSync(docker.machine.outside("prelude.sh"), PRELUDE);
  return docker;
}

rootTest("dockerd", async (t) => {
  await using control = await startSide("runc");
  await using davit = await startSide(DAVIT);
  const rows = [...DOCKER_ROWS, ...DOCKER_CONFIG_ROWS].map(rowOf);
  await compare(t, "dockerd", rows, { control, davit });
}, { programs: [...PROGRAMS, "dockerd", "docker", "runc", "script"] });

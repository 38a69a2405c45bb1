import { assertEquals } from "@std/assert";
import { E, errnoName, errnoText } from "./errno.ts";

/** Every number that has a name. */
const NAMED = Array.from({ length: 200 }, (_, errno) => errno)
  .filter((errno) => errnoName(errno).startsWith("E"));

Deno.test("errnoText() gives the texts of strerror(3)", () => {
  const libc = Deno.dlopen("libc.so.6", {
    strerror: { parameters: ["i32"], result: "pointer" },
  });
  const wanted: Record<number, string> = {};
  const found: Record<number, string> = {};
  for (const errno of [...NAMED, 41, 58, 4096]) {
    const text = libc.symbols.strerror(errno)!;
    wanted[errno] = Deno.UnsafePointerView.getCString(text);
    found[errno] = errnoText(errno);
  }
  libc.close();
  assertEquals(found, wanted);
});

const PYTHON = "import errno, json; print(json.dumps(errno.errorcode))";
const names = await output("python3", "-c", PYTHON);
Deno.test({
  name: "errnoName() gives the symbolic names" +
    (names === undefined ? " [skipped: needs python3]" : ""),
  ignore: names === undefined,
  fn: () => {
    const found: Record<string, string> = {};
    // Names that Linux has for a number that another one shares.
    const other = { ENOTSUP: "EOPNOTSUPP", EDEADLOCK: "EDEADLK" };
    const wanted: Record<string, string> = {};
    for (const [errno, name] of Object.entries(JSON.parse(names!))) {
      wanted[errno] = other[name as keyof typeof other] ?? name as string;
      found[errno] = errnoName(Number(errno));
    }
    assertEquals(found, wanted);
  },
});

Deno.test("E has each number under its name", () => {
  assertEquals([E.EPERM, E.ENOENT, E.EAGAIN], [1, 2, 11]);
  for (const [name, errno] of Object.entries(E)) {
    assertEquals(errnoName(errno), name);
  }
});

Deno.test("errnoName() and errnoText() know no name of other numbers", () => {
  for (const errno of [0, 41, 58, 4096]) {
    assertEquals(errnoName(errno), `errno ${errno}`);
    assertEquals(errnoText(errno), `Unknown error ${errno}`);
  }
});

async function output(program: string, ...args: string[]) {
  try {
    const { success, stdout } = await new Deno.Command(program, { args })
      .output();
    return success ? new TextDecoder().decode(stdout) : undefined;
  } catch {
    return undefined;
  }
}

/**
 * What seccomp filters cost: system calls in a loop under a profile as engines
 * use it, Davit's filter beside libseccomp's. Needs cc, libseccomp2, x86_64.
 *
 * The kernel remembers which calls a filter always allows, getppid(2) among
 * them; personality(2) is tested by its argument, so that the filter runs.
 *
 *     deno run -A scripts/bench_seccomp.ts
 *
 * The runs alternate. Prints medians; asserts nothing.
 */
import { ARCHES, callNumbers } from "../launch/seccomp/architectures.ts";
import { filterBytes } from "../launch/seccomp/bpf.ts";
import { seccompFilter } from "../launch/seccomp/compile.ts";
import { knownToBoth, libseccompFilter } from "../tests/libseccomp.ts";
import { runFilter } from "../launch/seccomp/run_filter.ts";
import { engineProfile } from "../tests/seccomp_profiles.ts";

const CALLS = 2_000_000, ROUNDS = 9;

/** Loads the filter in the file argv[2], times the call argv[1], in ns. */
const SOURCE = `
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv) {
  static struct sock_filter code[4096];
  struct timespec a, b;
  struct sock_fprog program = { 0, code };
  if (argc > 2) {
    FILE *file = fopen(argv[2], "r");
    program.len = fread(code, sizeof *code, 4096, file);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, 4, &program)) return 1;
  }
  clock_gettime(CLOCK_MONOTONIC, &a);
  long call = argc > 1 ? atol(argv[1]) : 0;
  for (int i = 0; i < ${CALLS}; i++) syscall(call, 0xffffffff);
  clock_gettime(CLOCK_MONOTONIC, &b);
  printf("%f\\n", ((b.tv_sec - a.tv_sec) * 1e9 + b.tv_nsec - a.tv_nsec) / ${CALLS});
  return 0;
}`;

function run(program: string, ...args: string[]): string {
  const { success, stdout, stderr } = new Deno.Command(program, { args })
    .outputSync();
  if (!success) throw new Error(new TextDecoder().decode(stderr));
  return new TextDecoder().decode(stdout);
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1]!;
}

/** Comparisons that a call takes, on average over all calls of x86_64. */
function comparisons(filter: Uint8Array): number {
  const { audit } = ARCHES.X86_64;
  const numbers = [...callNumbers("X86_64").values()];
  const args = [0n, 0n, 0n, 0n, 0n, 0n];
  const counts = numbers.map((number) =>
    runFilter(filter, { audit, number, args }).comparisons
  );
  return counts.reduce((a, b) => a + b) / counts.length;
}

const folder = Deno.makeTempDirSync({ prefix: "davit-bench." });
try {
  Deno.writeTextFileSync(`${folder}/loop.c`, SOURCE);
  run("cc", "-O2", "-o", `${folder}/loop`, `${folder}/loop.c`);
  const profile = engineProfile(knownToBoth());
  const own = seccompFilter(profile, "x86_64", { newerCalls: true });
  const filters: [string, Uint8Array | undefined][] = [
    ["no filter", undefined],
    ["davit", filterBytes(own)],
    ["libseccomp", libseccompFilter(profile)],
    ["libseccomp, binary tree", libseccompFilter(profile, false, 2)],
  ];
  filters.forEach(([, filter], i) => {
    if (filter) Deno.writeFileSync(`${folder}/${i}`, filter);
  });
  for (const call of ["getppid", "personality"]) {
    const number = `${callNumbers("X86_64").get(call)}`;
    const times = filters.map((): number[] => []);
    for (let round = 0; round < ROUNDS; round++) {
      filters.forEach(([, filter], i) => {
        const files = filter ? [`${folder}/${i}`] : [];
        times[i]!.push(Number(run(`${folder}/loop`, number, ...files)));
      });
    }
    const base = median(times[0]!);
    filters.forEach(([name], i) => {
      const time = median(times[i]!);
      console.log(
        `${call} under ${name}: ${time.toFixed(0)} ns, ${
          (time / base).toFixed(2)
        } of no filter`,
      );
    });
  }
  for (const [name, filter] of filters) {
    if (filter === undefined) continue;
    console.log(
      `${name}: ${filter.length / 8} instructions, ${
        comparisons(filter).toFixed(1)
      } comparisons a call on average`,
    );
  }
} finally {
  Deno.removeSync(folder, { recursive: true });
}

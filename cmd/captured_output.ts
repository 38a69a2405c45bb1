/** What a function wrote, and its result. For tests only. */
export interface Captured<R> {
  readonly result: R;
  readonly stdout: string;
  readonly stderr: string;
}

/** Calls a function and keeps what it writes to stdout and stderr. */
export async function capture<R>(
  call: () => R | Promise<R>,
): Promise<Captured<R>> {
  const out = record(Deno.stdout);
  const error = record(Deno.stderr);
  try {
    const result = await call();
    return { result, stdout: out.text(), stderr: error.text() };
  } finally {
    out.end();
    error.end();
  }
}

function record(stream: { writeSync(bytes: Uint8Array): number }) {
  const original = stream.writeSync;
  const decoder = new TextDecoder();
  let text = "";
  stream.writeSync = (bytes) => {
    text += decoder.decode(bytes, { stream: true });
    return bytes.length;
  };
  return {
    text: () => text,
    end: () => {
      stream.writeSync = original;
    },
  };
}

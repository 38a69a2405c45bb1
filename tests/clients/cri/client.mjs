/**
 * Speaks CRI for a test, as kubelet does. Runs with Node.
 *
 *     node client.mjs SOCKET FOLDER
 *
 * FOLDER holds the packages. A line on stdin is a request:
 * `{id, method, message}` is a call, `{id, url, steps}` a stream, where each
 * step is `{send: text}`, `{until: text}` (all that came since the last one
 * contains it) or `{size: [columns, rows]}`. The answer is a line `{id, value}`
 * or `{id, error}`; a stream's value is `{stdout, stderr, status}`.
 */
import { createRequire } from "node:module";
import process from "node:process";
import { createInterface } from "node:readline";

const [socket, folder] = process.argv.slice(2);
const require = createRequire(`${folder}/package.json`);
const grpc = require("@grpc/grpc-js");
const WebSocket = require("ws");

const definition = require("@grpc/proto-loader").loadSync(
  new URL("runtime.proto", import.meta.url).pathname,
  { keepCase: true, longs: Number, enums: String, defaults: true },
);
const { RuntimeService } = grpc.loadPackageDefinition(definition).runtime.v1;
const service = new RuntimeService(
  `unix://${socket}`,
  grpc.credentials.createInsecure(),
);

/** Makes a call; the bytes of its answer become text. */
function call(method, message) {
  return new Promise((resolve, reject) => {
    service[method](message, (error, response) => {
      if (error) return reject(new Error(error.details || error.message));
      for (const [name, value] of Object.entries(response)) {
        if (Buffer.isBuffer(value)) response[name] = value.toString();
      }
      resolve(response);
    });
  });
}

const RESIZE = 4;

/** Goes through a stream's steps, and waits for its end. */
function stream(url, steps) {
  return new Promise((resolve, reject) => {
    const connection = new WebSocket(
      url.replace(/^http/, "ws"),
      "v4.channel.k8s.io",
    );
    // stdin, stdout, stderr, the status at the end
    const texts = ["", "", "", ""];
    const left = [...steps];
    let seen = 0;
    const send = (channel, text) =>
      connection.send(Buffer.concat([Buffer.of(channel), Buffer.from(text)]));
    const advance = () => {
      while (left.length > 0) {
        const step = left[0];
        if (step.until !== undefined) {
          const at = texts[1].indexOf(step.until, seen);
          if (at < 0) return;
          seen = at + step.until.length;
        } else if (step.send !== undefined) {
          send(0, step.send);
        } else {
          const [Width, Height] = step.size;
          send(RESIZE, JSON.stringify({ Width, Height }));
        }
        left.shift();
      }
    };
    connection.on("open", advance);
    connection.on("message", (data) => {
      texts[data[0]] += data.subarray(1).toString();
      advance();
    });
    connection.on("error", reject);
    connection.on("close", () => {
      if (left.length > 0) {
        reject(
          new Error(
            `the stream ended before ${JSON.stringify(left[0])}: ${
              JSON.stringify(texts)
            }`,
          ),
        );
      }
      resolve({ stdout: texts[1], stderr: texts[2], status: texts[3] });
    });
  });
}

for await (const line of createInterface({ input: process.stdin })) {
  const { id, method, message, url, steps } = JSON.parse(line);
  const answer = url === undefined ? call(method, message) : stream(url, steps);
  answer.then((value) => ({ id, value }))
    .catch(({ message }) => ({ id, error: message }))
    .then((result) => process.stdout.write(JSON.stringify(result) + "\n"));
}
process.exit();

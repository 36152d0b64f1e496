// A server on this machine for tests: files by path with ranges, or an answer of the test's own.
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

/** Answers one request. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void;

/** A running server. */
export interface TestServer {
  /** Without a last slash. */
  readonly url: string;
  close(): Promise<void>;
}

/** The range of bytes that a request asks for, `end` not included; null where it asks for all. */
export function askedRange(request: IncomingMessage): { begin: number; end: number } | null {
  const match = /^bytes=(\d+)-(\d+)$/.exec(request.headers.range ?? "");
  return match === null ? null : { begin: Number(match[1]), end: Number(match[2]) + 1 };
}

/** Answers with `file`, or the range of it that is asked for, as RFC 9110 (section 14) says. */
export function answerFile(
  file: Uint8Array,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  const range = askedRange(request);
  if (range === null) {
    response.writeHead(200, { "content-length": file.length });
    response.end(file);
  } else if (range.begin >= file.length) {
    response.writeHead(416, { "content-range": `bytes */${file.length}` });
    response.end("no such range");
  } else {
    const part = file.subarray(range.begin, range.end);
    response.writeHead(206, {
      "content-length": part.length,
      "content-range": `bytes ${range.begin}-${range.begin + part.length - 1}/${file.length}`,
    });
    response.end(part);
  }
}

/** Serves `answer` on a free port of this machine. */
export async function serveFiles(answer: Answer): Promise<TestServer> {
  const server = createServer(answer);
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((closed) => {
        server.close(() => closed());
        server.closeAllConnections();
      }),
  };
}

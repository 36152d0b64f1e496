// Answers of servers and connections that fail, the file that they fail to give, and what its reader must say.
import { memory, PrismaError } from "@prisma/tensor";
import { expect } from "vitest";
import { f32, file, join, record } from "./corpus/corpus-case.ts";
import { answerFile, askedRange, type Answer } from "./serve-files.ts";

/** The values of each of the two tensors of {@link FILE}. */
export const VALUES: readonly number[] = Array.from({ length: 4096 }, (_, i) => i / 8);
const HALF = 4 * VALUES.length;
const shape = `[${VALUES.length}]`;
/** Two tensors, `a` and `b`, of the same values. */
export const FILE = file(
  `{"a":${record({ shape, offsets: `[0,${HALF}]` })},"b":${record({ shape, offsets: `[${HALF},${2 * HALF}]` })}}`,
  join(f32(...VALUES), f32(...VALUES)),
);
/** The byte of {@link FILE} at which its data starts. */
export const HEADER_END = FILE.length - 2 * HALF;

/** The file, as it should be answered. */
export const good: Answer = (request, response) => answerFile(FILE, request, response);

/** An answer of this status whose body is no file. */
export const status =
  (code: number, headers: Record<string, string> = {}): Answer =>
  (_, response) => {
    response.writeHead(code, headers);
    response.end("<html>no</html>");
  };

/** The body of a complete answer, but the connection breaks after `bytes` of it. */
export const breaksAfter =
  (bytes: number, headers: Record<string, string | number>, code = 206): Answer =>
  (request, response) => {
    const begin = code === 206 ? (askedRange(request)?.begin ?? 0) : 0;
    response.writeHead(code, headers);
    response.write(FILE.subarray(begin, begin + bytes), () => response.destroy());
  };

/** A part of the file with a Content-Range of the test's own. */
export const claims =
  (range: (begin: number, end: number) => string, cut = 0): Answer =>
  (request, response) => {
    const { begin, end } = askedRange(request)!;
    response.writeHead(206, { "content-range": range(begin, end) });
    response.end(FILE.subarray(begin, end - cut));
  };

/** A connection that ends without an answer. */
export const reset: Answer = (request) => request.socket.destroy();
/** The right Content-Range. */
export const truth = (begin: number, end: number) => `bytes ${begin}-${end - 1}/${FILE.length}`;

/** `fault` for what lies behind the first byte, which tells the size. */
export const afterSize =
  (fault: Answer): Answer =>
  (request, response) =>
    (askedRange(request)?.end === 1 ? good : fault)(request, response);

/** The coded error that `work` ends with, fit to be shown. */
export async function errorOf(work: Promise<unknown>): Promise<PrismaError> {
  const error = await work.then(
    () => new Error("there was no error"),
    (thrown: unknown) => thrown,
  );
  if (!(error instanceof PrismaError)) throw error;
  expect(error.message).not.toMatch(/secret|\n/);
  expect(error.message.length).toBeLessThanOrEqual(400);
  return error;
}

/** What is alive, which a failure must not change. */
export const alive = () => {
  const { tensors, buffers, bytes } = memory();
  return { tensors, buffers, bytes };
};

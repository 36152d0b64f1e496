// PyTorch, when a Python with it is there: a child process that computes the same workloads and times them with its own clock.
import { spawn } from "node:child_process";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import type { Engine, Prepared } from "../engine.ts";

const SCRIPT = fileURLToPath(new URL("../../oracle/bench_torch.py", import.meta.url));

/** What the child says of itself. */
interface Hello {
  readonly version: string;
  readonly device: string;
}

/** PyTorch with one thread, or null where `python` (default: `$PYTHON` or `python3`) has none. */
export async function createPyTorch(
  python = process.env["PYTHON"] ?? "python3",
): Promise<Engine | null> {
  const child = spawn(python, [SCRIPT], { stdio: ["pipe", "pipe", "ignore"] });
  // A Python that is not there, or has no PyTorch, ends its output without an answer.
  child.on("error", () => {});
  child.stdin.on("error", () => {});
  const exited = new Promise<void>((resolve) => child.once("close", () => resolve()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request: unknown): Promise<unknown> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await lines.next();
    return answer.done === true ? null : JSON.parse(answer.value);
  };
  const hello = (await ask({ hello: true })) as Hello | null;
  if (hello === null) return null;
  let next = 0;
  return {
    name: "PyTorch",
    ...hello,
    async prepare(workload): Promise<Prepared> {
      const id = next++;
      await ask({ prepare: id, workload });
      return {
        async run() {
          const ms = await ask({ run: id });
          if (typeof ms !== "number") throw new Error("PyTorch ended before it answered");
          return ms;
        },
        dispose: async () => void (await ask({ drop: id })),
      };
    },
    async close() {
      child.stdin.end();
      await exited;
    },
  };
}

// PyTorch, when a Python with it is there: a child process that times the same workloads with its own clock.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { fileURLToPath } from "node:url";
import { createInterface } from "node:readline";
import type { Engine, Run } from "../engine.ts";

const SCRIPT = fileURLToPath(new URL("../../oracle/bench_torch.py", import.meta.url));

/** PyTorch with one thread, or null where `python` (default: `$PYTHON` or `python3`) has none. */
export async function createPyTorch(
  python = process.env["PYTHON"] ?? "python3",
): Promise<Engine | null> {
  const child = spawn(python, [SCRIPT], { stdio: ["pipe", "pipe", "ignore"] });
  child.on("error", () => {});
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const ask = async (request: unknown): Promise<string | null> => {
    child.stdin.write(`${JSON.stringify(request)}\n`);
    const answer = await lines.next();
    return answer.done === true ? null : answer.value;
  };
  child.stdin.on("error", () => {});
  const hello = await ask({ hello: true });
  if (hello === null) return null;
  let next = 0;
  return {
    name: "PyTorch",
    version: hello,
    async prepare(workload): Promise<Run | null> {
      const id = next++;
      const answer = await ask({ prepare: id, workload });
      if (answer !== "ready") return null;
      return async () => {
        await ask({ run: id });
      };
    },
    async close() {
      child.stdin.end();
      await once(child, "exit");
    },
  };
}

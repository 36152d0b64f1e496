// Carries out commands at once on the calling thread: Node with one thread.
import type { Command, Reply } from "./commands.ts";
import { errorOf, type Engine } from "./engine.ts";
import { createMemory } from "./memory.ts";
import { Runner } from "./runner.ts";

/** An engine without workers. */
export function createInlineEngine(memory: WebAssembly.Memory = createMemory(false)): Engine {
  const runner = new Runner(memory, 1);
  const finish = (command: Command): Reply | null => {
    const steps = runner.execute(command);
    let step = steps.next();
    while (step.done !== true) step = steps.next();
    return step.value;
  };
  return {
    send: finish,
    async read(command) {
      const reply = finish({ type: "read", id: 0, ...command });
      if (reply === null || "fault" in reply)
        throw errorOf(
          reply?.fault ?? { code: "INTERNAL", message: "a read was not answered", details: {} },
        );
      return reply.bytes;
    },
    cancel: (number) => runner.cancel(number),
    dispose: () => Promise.resolve(),
  };
}

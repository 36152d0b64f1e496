// Order: the nodes below some outputs, inputs before users.
import type { Node } from "./node.ts";

/** Nodes that `outputs` stand on, each once, inputs before users; deep graphs need no deep stack. */
export function topologicalOrder(outputs: readonly Node[]): Node[] {
  const order: Node[] = [];
  const entered = new Set<Node>();
  const stack: [node: Node, next: number][] = [];
  for (const output of outputs) {
    if (entered.has(output)) continue;
    entered.add(output);
    stack.push([output, 0]);
    while (stack.length > 0) {
      const top = stack[stack.length - 1];
      if (top === undefined) break;
      const input = top[0].inputs[top[1]++];
      if (input === undefined) {
        order.push(top[0]);
        stack.pop();
      } else if (!entered.has(input)) {
        entered.add(input);
        stack.push([input, 0]);
      }
    }
  }
  return order;
}

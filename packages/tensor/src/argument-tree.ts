// Argument trees: arrays and plain objects of tensors and of values that a compiled function is keyed by.
import { kindOf, PrismaError } from "./errors.ts";
import { Tensor } from "./tensor.ts";

/** Something whose state decides a graph, such as a model with its hooks. */
interface Keyed {
  readonly compileKey: string;
}

function isKeyed(value: object): value is Keyed {
  return "compileKey" in value && typeof value.compileKey === "string";
}

/** Arrays and objects written with braces, whose parts are looked at. */
function isBranch(value: unknown): value is object {
  if (typeof value !== "object" || value === null || isKeyed(value)) return false;
  const prototype: unknown = Object.getPrototypeOf(value);
  return Array.isArray(value) || prototype === Object.prototype || prototype === null;
}

/** `tree` with every leaf replaced by what `visit` makes of it. */
export function mapLeaves(tree: unknown, visit: (leaf: unknown) => unknown): unknown {
  if (!isBranch(tree)) return visit(tree);
  if (Array.isArray(tree)) return tree.map((inner) => mapLeaves(inner, visit));
  return Object.fromEntries(
    Object.entries(tree).map(([key, inner]) => [key, mapLeaves(inner, visit)]),
  );
}

function keyOfLeaf(leaf: unknown, role: string): string {
  if (leaf instanceof Tensor) return "#";
  if (typeof leaf === "string") return JSON.stringify(leaf);
  if (typeof leaf === "bigint") return `${leaf}n`;
  if (Object.is(leaf, -0)) return "-0";
  if (leaf === null || ["number", "boolean", "undefined"].includes(typeof leaf))
    return String(leaf);
  if (typeof leaf === "object" && isKeyed(leaf)) return `<${JSON.stringify(leaf.compileKey)}>`;
  if (typeof leaf === "function")
    throw new PrismaError(
      "HOOK_IN_COMPILE",
      `compile: ${role} is or holds a function; the values it closes over would freeze. Pass tensors, numbers, text, arrays, plain objects or models.`,
    );
  const found = kindOf(leaf);
  throw new PrismaError(
    "ARGUMENT_INVALID",
    `compile: ${role} is or holds ${found}; it may be made of tensors, numbers, text, arrays, plain objects and models`,
    { found },
  );
}

/**
 * Names everything in `tree` that is not a tensor, and collects its tensors; `role` says whose tree it is.
 * @throws PrismaError HOOK_IN_COMPILE for a function, ARGUMENT_INVALID for what has no key or holds itself
 */
export function keyOfTree(
  tree: unknown,
  tensors: Tensor[],
  role: string,
  above: readonly object[] = [],
): string {
  if (!isBranch(tree)) {
    if (tree instanceof Tensor) tensors.push(tree);
    return keyOfLeaf(tree, role);
  }
  if (above.includes(tree))
    throw new PrismaError("ARGUMENT_INVALID", `compile: ${role} holds itself`);
  const inside = (inner: unknown): string => keyOfTree(inner, tensors, role, [...above, tree]);
  if (Array.isArray(tree)) return `[${tree.map(inside).join(",")}]`;
  const parts = Object.entries(tree).map(
    ([key, inner]) => `${JSON.stringify(key)}:${inside(inner)}`,
  );
  return `{${parts.join(",")}}`;
}

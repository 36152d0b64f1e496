// Scopes: tensors made while a function runs are let go of when it returns, but for what it returns.
import { kindOf, PrismaError } from "./errors.ts";

/** Something a scope can let go of. */
export interface Scoped {
  dispose(): void;
}

const open: Set<Scoped>[] = [];

/** Notes a new tensor in the innermost open scope. */
export function track(item: Scoped): void {
  open[open.length - 1]?.add(item);
}

/** Calls `visit` for every tracked thing inside `value`: itself, in arrays, maps, sets and plain objects. */
function eachInside(value: unknown, visit: (item: unknown) => void, seen: Set<unknown>): void {
  if (typeof value !== "object" || value === null || seen.has(value)) return;
  seen.add(value);
  visit(value);
  if (value instanceof Map || value instanceof Set || Array.isArray(value)) {
    for (const inner of value.values()) eachInside(inner, visit, seen);
  } else if (
    Object.getPrototypeOf(value) === Object.prototype ||
    Object.getPrototypeOf(value) === null
  ) {
    for (const inner of Object.values(value)) eachInside(inner, visit, seen);
  }
}

/** @throws PrismaError ARGUMENT_INVALID for a promise, whose own error, on what is disposed by then, is not of interest */
function assertNotAsync(result: unknown): void {
  if (!(result instanceof Promise)) return;
  result.catch(() => {});
  throw new PrismaError(
    "ARGUMENT_INVALID",
    "scope: the function returned a promise; tensors it makes after its first await would not be tracked. Use `using` in async code.",
  );
}

/**
 * Runs `fn` and disposes every tensor made inside it, except those in what it returns (itself, or in arrays, maps, sets
 * and plain objects). Synchronous: for async code use `using`. When `fn` throws, everything made inside is disposed.
 *
 * @throws PrismaError ARGUMENT_INVALID when `fn` returns a promise
 * @example
 * const y = scope(() => tensor([1, 2]).mul(2).add(1));
 * await y.array(); // [3, 5]
 */
export function scope<T>(fn: () => T): T {
  if (typeof fn !== "function")
    throw new PrismaError("ARGUMENT_INVALID", `scope: ${kindOf(fn)} was given, not a function`);
  const made = new Set<Scoped>();
  open.push(made);
  let result: T | undefined;
  let done = false;
  try {
    result = fn();
    assertNotAsync(result);
    done = true;
    return result;
  } finally {
    open.pop();
    const outer = open[open.length - 1];
    if (done) {
      eachInside(
        result,
        (item) => {
          if (!made.delete(item as Scoped)) return;
          outer?.add(item as Scoped);
        },
        new Set(),
      );
    }
    for (const item of made) item.dispose();
  }
}

// Options of a call: an object with known keys and nothing else, so that a misspelt one is not passed over.
import { kindOf, PrismaError, quoteName } from "./errors.ts";

/** @throws PrismaError ARGUMENT_INVALID when `options` is not an object or has a key that is not `known` */
export function checkOptions(operation: string, options: object, known: readonly string[]): void {
  const prototype: unknown =
    typeof options === "object" && options !== null ? Object.getPrototypeOf(options) : undefined;
  if (prototype !== Object.prototype && prototype !== null)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: the options are ${kindOf(options)}; they must be an object with ${known.join(", ")}`,
    );
  const unknown = Object.entries(options).find(
    ([key, value]) => value !== undefined && !known.includes(key),
  )?.[0];
  if (unknown !== undefined)
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `${operation}: there is no option ${quoteName(unknown)}; there is ${known.join(", ")}`,
      { option: unknown },
    );
}

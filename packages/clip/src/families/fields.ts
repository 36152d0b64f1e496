// Fields of a configuration file, read with their types checked.
import { invalidConfig } from "../text-config.ts";
import { isJsonObject, type JsonObject } from "../tokenizer/tokenizer-file.ts";

function read<T>(
  file: JsonObject,
  field: string,
  [expected, is]: readonly [string, (value: unknown) => value is T],
): T | undefined {
  const value = Object.hasOwn(file, field) ? file[field] : undefined;
  if (value === undefined || value === null) return undefined;
  if (is(value)) return value;
  throw invalidConfig(field, value, expected);
}

/** A number, if the field is there. @throws PrismaError CONFIG_INVALID */
export const numberIn = (file: JsonObject, field: string): number | undefined =>
  read(file, field, [
    "a number",
    (value): value is number => typeof value === "number" && Number.isFinite(value),
  ]);
/** A text, if the field is there. @throws PrismaError CONFIG_INVALID */
export const textIn = (file: JsonObject, field: string): string | undefined =>
  read(file, field, ["a text", (value): value is string => typeof value === "string"]);
/** True or false, if the field is there. @throws PrismaError CONFIG_INVALID */
export const flagIn = (file: JsonObject, field: string): boolean | undefined =>
  read(file, field, ["true or false", (value): value is boolean => typeof value === "boolean"]);
/** An object; empty when the field is not there. @throws PrismaError CONFIG_INVALID */
export const objectIn = (file: JsonObject, field: string): JsonObject =>
  read(file, field, ["an object", isJsonObject]) ?? {};
/** Numbers, if the field is there. @throws PrismaError CONFIG_INVALID */
export const numbersIn = (file: JsonObject, field: string): readonly number[] | undefined =>
  read(file, field, [
    "a list of numbers",
    (value): value is number[] =>
      Array.isArray(value) && value.every((one) => typeof one === "number"),
  ]);

/** A number that must be there. @throws PrismaError CONFIG_INVALID */
export function neededNumber(file: JsonObject, field: string): number {
  const found = numberIn(file, field);
  if (found === undefined) throw invalidConfig(field, found, "a number");
  return found;
}

/** The choice that the text in `field` stands for. @throws PrismaError CONFIG_INVALID */
export function choiceIn<T>(
  file: JsonObject,
  field: string,
  choices: ReadonlyMap<string, T>,
): T | undefined {
  const name = textIn(file, field);
  if (name === undefined) return undefined;
  const choice = choices.get(name);
  if (choice === undefined)
    throw invalidConfig(field, name, `one of ${[...choices.keys()].join(", ")}`);
  return choice;
}

/** Refuses every field of `file` that is not in `known`, unless it says what is so anyway. */
export function refuseUnknown(
  file: JsonObject,
  known: ReadonlySet<string>,
  neutral: ReadonlyMap<string, unknown> = new Map(),
): void {
  for (const [field, value] of Object.entries(file)) {
    if (known.has(field) || value === null || (neutral.has(field) && neutral.get(field) === value))
      continue;
    throw invalidConfig(
      field,
      value,
      neutral.has(field) ? JSON.stringify(neutral.get(field)) : "no such field",
    );
  }
}

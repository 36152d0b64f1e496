// Fields of a configuration file, read with their types checked.
import { invalidConfig } from "../check-config.ts";
import type { ConfigFile } from "./family.ts";

/** True for a plain object. */
export function isObject(value: unknown): value is ConfigFile {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function readField<T>(
  file: ConfigFile,
  field: string,
  [expected, is]: readonly [expected: string, is: (value: unknown) => value is T],
): T | undefined {
  const value = file[field];
  if (value === undefined || value === null) return undefined;
  if (is(value)) return value;
  throw invalidConfig(field, value, expected);
}

const isNumber = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value);
const isString = (value: unknown): value is string => typeof value === "string";
const isFlag = (value: unknown): value is boolean => typeof value === "boolean";
const isNumbers = (value: unknown): value is readonly number[] =>
  Array.isArray(value) && value.every(isNumber);
const isStrings = (value: unknown): value is readonly string[] =>
  Array.isArray(value) && value.every(isString);

/** A number, if the field is there. @throws PrismaError CONFIG_INVALID */
export const numberField = (file: ConfigFile, field: string): number | undefined =>
  readField(file, field, ["a number", isNumber]);
/** A text, if the field is there. @throws PrismaError CONFIG_INVALID */
export const stringField = (file: ConfigFile, field: string): string | undefined =>
  readField(file, field, ["a text", isString]);
/** True or false, if the field is there. @throws PrismaError CONFIG_INVALID */
export const flagField = (file: ConfigFile, field: string): boolean | undefined =>
  readField(file, field, ["true or false", isFlag]);
/** Numbers, if the field is there. @throws PrismaError CONFIG_INVALID */
export const numbersField = (file: ConfigFile, field: string): readonly number[] | undefined =>
  readField(file, field, ["a list of numbers", isNumbers]);
/** Texts, if the field is there. @throws PrismaError CONFIG_INVALID */
export const stringsField = (file: ConfigFile, field: string): readonly string[] | undefined =>
  readField(file, field, ["a list of texts", isStrings]);
/** An object; empty when the field is not there. @throws PrismaError CONFIG_INVALID */
export const objectField = (file: ConfigFile, field: string): ConfigFile =>
  readField(file, field, ["an object", isObject]) ?? {};

/** The choice that the text in `field` stands for. @throws PrismaError CONFIG_INVALID */
export function choiceField<T>(
  file: ConfigFile,
  field: string,
  choices: ReadonlyMap<string, T>,
): T | undefined {
  const name = stringField(file, field);
  if (name === undefined) return undefined;
  const choice = choices.get(name);
  if (choice === undefined) {
    throw invalidConfig(field, name, `one of ${[...choices.keys()].join(", ")}`);
  }
  return choice;
}

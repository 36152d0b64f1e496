// Fields that the libraries' preprocessing files share, read with their values checked.
import { invalidConfig } from "../check-config.ts";
import { numberField, numbersField } from "../families/config-file.ts";
import type { ConfigFile } from "../families/family.ts";

/** Rows and columns of a picture. */
export type RowsColumns = readonly [rows: number, columns: number];

/** Two whole numbers of at least 1. @throws PrismaError CONFIG_INVALID */
export function wholeSize(field: string, size: readonly number[]): RowsColumns {
  const [rows = 0, columns = 0] = size;
  const whole = [rows, columns].every((side) => Number.isSafeInteger(side) && side >= 1);
  if (size.length !== 2 || !whole)
    throw invalidConfig(field, size, "whole numbers of at least 1, rows and columns");
  return [rows, columns];
}

/** Numbers, one a channel; `fallback` where the field is not there. @throws PrismaError CONFIG_INVALID */
export function perChannel(
  file: ConfigFile,
  field: string,
  fallback: readonly number[],
  channels: number,
): readonly number[] {
  const values = numbersField(file, field) ?? fallback;
  if (values.length === channels) return values;
  throw invalidConfig(field, values, `${channels} numbers, one a channel`);
}

/** Numbers above 0, one a channel; `fallback` where the field is not there. @throws PrismaError CONFIG_INVALID */
export function deviations(
  file: ConfigFile,
  field: string,
  fallback: readonly number[],
  channels: number,
): readonly number[] {
  const values = perChannel(file, field, fallback, channels);
  if (values.every((value) => value > 0)) return values;
  throw invalidConfig(field, values, "numbers above 0");
}

/** A number above 0; `fallback` where the field is not there. @throws PrismaError CONFIG_INVALID */
export function positiveField(file: ConfigFile, field: string, fallback: number): number {
  const value = numberField(file, field) ?? fallback;
  if (value > 0) return value;
  throw invalidConfig(field, value, "a number above 0");
}

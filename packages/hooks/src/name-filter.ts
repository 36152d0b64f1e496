// Name filters: which hook points a caller means, and a clear error when that is none.
import { PrismaError, quoteName } from "@prisma/tensor";
import { nearestName } from "./nearest-name.ts";

/** A full hook name, a glob (`*` stands for anything but a dot), or a predicate. */
export type NameFilter<Name extends string = string> =
  | Name
  | `${string}*${string}`
  | ((name: Name) => boolean);

/** One filter or several; a point is meant when any says so. */
export type NameFilters<Name extends string = string> =
  | NameFilter<Name>
  | readonly NameFilter<Name>[];

function globPattern(glob: string): RegExp {
  const literal = glob.split("*").map((part) => part.replace(/[.+?^${}()|[\]\\]/g, "\\$&"));
  return new RegExp(`^${literal.join("[^.]*")}$`);
}

function namesOfOne<Name extends string>(
  filter: NameFilter<Name>,
  names: readonly Name[],
): readonly Name[] {
  if (typeof filter === "function") return names.filter(filter);
  if (filter.includes("*")) {
    const pattern = globPattern(filter);
    return names.filter((name) => pattern.test(name));
  }
  return names.filter((name) => name === filter);
}

function noMatch(filter: NameFilter, names: readonly string[], doing: string): PrismaError {
  if (typeof filter === "function") {
    return new PrismaError(
      "HOOK_FILTER_EMPTY",
      `${doing}: the predicate matched none of the model's ${names.length} hook points`,
    );
  }
  const nearest = nearestName(filter, names);
  const hint = nearest === null ? "the model has no hook points" : `did you mean "${nearest}"?`;
  const code = filter.includes("*") ? "HOOK_FILTER_EMPTY" : "HOOK_UNKNOWN";
  return new PrismaError(code, `${doing}: no hook point matches ${quoteName(filter)}; ${hint}`, {
    filter,
    nearest,
  });
}

/**
 * Names that `filters` mean, in the model's order.
 * @throws PrismaError HOOK_UNKNOWN for a name the model lacks, HOOK_FILTER_EMPTY for a glob, predicate or list that means nothing
 */
export function matchNames<Name extends string>(
  filters: NameFilters<Name>,
  names: readonly Name[],
  doing: string,
): readonly Name[] {
  const list: readonly NameFilter<Name>[] = Array.isArray(filters)
    ? filters
    : [filters as NameFilter<Name>];
  if (list.length === 0)
    throw new PrismaError("HOOK_FILTER_EMPTY", `${doing}: the list of filters is empty`);
  const found = new Set<Name>();
  for (const filter of list) {
    const matched = namesOfOne(filter, names);
    if (matched.length === 0) throw noMatch(filter as NameFilter, names, doing);
    matched.forEach((name) => found.add(name));
  }
  return names.filter((name) => found.has(name));
}

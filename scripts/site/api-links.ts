// Where public names are described, and what a name means as seen from one of them.
import type { PublicName } from "../public-names.ts";
import type { NameLink } from "./code-block.ts";
import { apiPage, relativeLink } from "./site-paths.ts";

/** The public names of every package, and the packages that each uses. */
export interface Reference {
  readonly names: ReadonlyMap<string, readonly PublicName[]>;
  readonly uses: ReadonlyMap<string, readonly string[]>;
}

/** Addresses of names as seen from `entry`: of its own package first, then of those it uses; never of itself. */
export function linksFrom(home: string, entry: PublicName, reference: Reference): NameLink {
  const [owner = ""] = entry.name.split(".");
  return (wanted) => {
    if (wanted === entry.name || wanted === owner) return null;
    const spelled = [wanted, `${owner}.${wanted}`];
    for (const place of [home, ...(reference.uses.get(home) ?? [])]) {
      const found = reference.names.get(place)?.find((it) => spelled.includes(it.name));
      if (found !== undefined) return entryLink(home, place, found);
    }
    return null;
  };
}

/** Where another package describes the member that a class inherits from it. */
export function inheritedFrom(home: string, member: PublicName, reference: Reference): string {
  const [, place = ""] = /^packages\/([^/]+)/.exec(member.place) ?? [];
  const found = reference.names
    .get(place)
    ?.find((it) => it.place === member.place && memberName(it) === memberName(member));
  if (found === undefined) throw new Error(`${member.name} is inherited from no public class`);
  return entryLink(home, place, found);
}

/** `sum` for `Tensor.sum`. */
export const memberName = ({ name }: PublicName): string => name.slice(name.indexOf(".") + 1);

const entryLink = (home: string, place: string, { name }: PublicName): string =>
  relativeLink(apiPage(home), `${apiPage(place)}#${name}`);

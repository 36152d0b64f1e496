// What every check hands back: a name and the complaints it has, none meaning it passed.

/** The outcome of one check. */
export interface Report {
  readonly name: string;
  readonly problems: readonly string[];
}

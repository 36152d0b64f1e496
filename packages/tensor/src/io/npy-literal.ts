// The header of an npy file as text: a Python dictionary of three entries, read by its own small grammar.

/** What the header says. `descr` is null where it is no plain type (a list of fields). */
export interface NpyLiteral {
  readonly descr: string | null;
  readonly fortranOrder: boolean;
  readonly shape: readonly number[];
}

/** Where a header stops being one, and what was expected there. */
export class NpySyntaxError extends Error {
  constructor(
    readonly at: number,
    readonly expected: string,
  ) {
    super(`${expected} was expected`);
  }
}

const KEYS = ["descr", "fortran_order", "shape"] as const;
type Key = (typeof KEYS)[number];
/** The value of a key; null for a type that is a list. */
type Value = string | boolean | readonly number[] | null;

const SPACE = /[ \t\n\r]*/y;
const TEXT = /'([^'\\\n]*)'|"([^"\\\n]*)"/y;
/** At most 16 digits: below 2^53 and a little more, exact as a number. */
const WHOLE = /(?:0|[1-9][0-9]{0,15})(?![0-9])/y;
const TRUTH = /(?:True|False)\b/y;

/** Reads a header from its start to its end. */
class Parser {
  #at = 0;

  constructor(readonly text: string) {}

  fail(expected: string): never {
    throw new NpySyntaxError(this.#at, expected);
  }

  #skipSpace(): void {
    SPACE.lastIndex = this.#at;
    this.#at += SPACE.exec(this.text)?.[0].length ?? 0;
  }

  /** What `pattern` matches here, after white space; null where it does not. */
  #take(pattern: RegExp): RegExpExecArray | null {
    this.#skipSpace();
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text);
    this.#at += found?.[0].length ?? 0;
    return found;
  }

  /** Whether `mark` is next, which is then behind. */
  #has(mark: string): boolean {
    this.#skipSpace();
    const found = this.text.startsWith(mark, this.#at);
    if (found) this.#at += mark.length;
    return found;
  }

  #expect(mark: string): void {
    if (!this.#has(mark)) this.fail(`"${mark}"`);
  }

  #string(what: string): string {
    const found = this.#take(TEXT) ?? this.fail(what);
    return found[1] ?? found[2] ?? "";
  }

  /** A tuple of whole numbers; one alone has a comma behind it. */
  #tuple(): number[] {
    const sizes: number[] = [];
    this.#expect("(");
    while (!this.#has(")")) {
      const [digits] = this.#take(WHOLE) ?? this.fail("a whole number");
      sizes.push(Number(digits));
      if (this.#has(",")) continue;
      if (sizes.length === 1) this.fail('","');
      this.#expect(")");
      break;
    }
    return sizes;
  }

  #key(seen: ReadonlyMap<Key, unknown>): Key {
    const start = this.#at;
    const name = this.#string(`one of the keys ${KEYS.join(", ")}`);
    const key = KEYS.find((one) => one === name && !seen.has(one));
    if (key !== undefined) return key;
    this.#at = start;
    return this.fail(`one of the keys ${KEYS.filter((one) => !seen.has(one)).join(", ")}`);
  }

  #value(key: Key): Value {
    if (key === "shape") return this.#tuple();
    if (key === "fortran_order")
      return (this.#take(TRUTH) ?? this.fail("True or False"))[0] === "True";
    return this.#has("[") ? null : this.#string("the type of the elements as text");
  }

  literal(): NpyLiteral {
    const seen = new Map<Key, Value>();
    this.#expect("{");
    while (!this.#has("}")) {
      const key = this.#key(seen);
      this.#expect(":");
      const value = this.#value(key);
      // Records are not read; what follows them in the header is not looked at.
      if (value === null) return { descr: null, fortranOrder: false, shape: [] };
      seen.set(key, value);
      if (this.#has(",")) continue;
      this.#expect("}");
      break;
    }
    this.#skipSpace();
    if (this.#at < this.text.length) this.fail("the end of the header");
    const [descr, fortranOrder, shape] = KEYS.map((key) => seen.get(key));
    if (typeof descr !== "string" || typeof fortranOrder !== "boolean" || !Array.isArray(shape))
      return this.fail(`the keys ${KEYS.filter((key) => !seen.has(key)).join(", ")}`);
    return { descr, fortranOrder, shape: shape.map(Number) };
  }
}

/**
 * What the text of a header says.
 * @throws NpySyntaxError
 */
export function parseNpyLiteral(text: string): NpyLiteral {
  return new Parser(text).literal();
}

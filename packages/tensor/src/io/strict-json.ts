// A strict JSON scanner: RFC 8259 to the letter, duplicate keys refused, numbers kept as text, nothing on prototypes.

/** A number as it is written. */
export class JsonNumber {
  constructor(readonly text: string) {}

  /** Its value where it is a whole number written without fraction or exponent, not negative (nor -0) and below 2^53, else null. */
  get whole(): number | null {
    if (!/^(0|[1-9]\d{0,15})$/.test(this.text)) return null;
    const value = Number(this.text);
    return Number.isSafeInteger(value) ? value : null;
  }

  /** True when it is written as a whole number that is not negative, however large. */
  get wholeForm(): boolean {
    return /^\d+$/.test(this.text);
  }
}

/** A JSON value; objects are maps, so that no key is special. */
export type JsonValue = null | boolean | string | JsonNumber | JsonValue[] | Map<string, JsonValue>;

/** What is wrong with a text: a key that is there already, too much nesting, or an object with too many keys. */
export type JsonFault =
  | { readonly kind: "syntax" }
  | { readonly kind: "duplicate"; readonly key: string; readonly firstAt: number }
  | { readonly kind: "depth" }
  | { readonly kind: "keys"; readonly depth: number };

const SYNTAX: JsonFault = { kind: "syntax" };

/** Thrown by {@link parseStrictJson}; places count UTF-16 units of the text. */
export class JsonSyntaxError extends Error {
  constructor(
    message: string,
    readonly at: number,
    readonly fault: JsonFault,
  ) {
    super(message);
  }
}

const ESCAPES: Readonly<Record<string, string>> = {
  '"': '"',
  "\\": "\\",
  "/": "/",
  b: "\b",
  f: "\f",
  n: "\n",
  r: "\r",
  t: "\t",
};
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
/** All but the quote, the backslash and what is below the space (RFC 8259, section 7: unescaped). */
const PLAIN_TEXT = /[\u0020-\u0021\u0023-\u005b\u005d-\uffff]*/y;
const SPACE = /[ \t\n\r]*/y;
const SPACE_CODE = 0x20;
const WORDS = [
  ["null", null],
  ["true", true],
  ["false", false],
] as const;

class Scanner {
  #at = 0;

  constructor(
    readonly text: string,
    readonly maxDepth: number,
    readonly maxKeys: readonly number[],
  ) {}

  document(): JsonValue {
    this.#skipSpace();
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.text.length) this.#fail("text after the value");
    return value;
  }

  #fail(message: string, at = this.#at, fault = SYNTAX): never {
    throw new JsonSyntaxError(message, at, fault);
  }

  /** The text that the sticky `pattern` matches here, now behind us; "" where there is none. */
  #match(pattern: RegExp): string {
    const start = this.#at;
    pattern.lastIndex = start;
    if (pattern.test(this.text)) this.#at = pattern.lastIndex;
    return this.text.slice(start, this.#at);
  }

  #skipSpace(): void {
    // Headers have millions of places where space may be, and hardly any space.
    if (this.text.charCodeAt(this.#at) <= SPACE_CODE) this.#match(SPACE);
  }

  #expect(character: string): void {
    if (this.text[this.#at] !== character) this.#fail(`"${character}" expected`);
    this.#at++;
  }

  #value(depth: number): JsonValue {
    const character = this.text[this.#at];
    if (character === '"') return this.#string();
    if (character === "{" || character === "[") {
      if (depth >= this.maxDepth)
        this.#fail(`nested deeper than ${this.maxDepth}`, this.#at, { kind: "depth" });
      return character === "{" ? this.#object(depth) : this.#array(depth);
    }
    return this.#literal();
  }

  #literal(): JsonValue {
    const number = this.#match(NUMBER);
    if (number !== "") return new JsonNumber(number);
    for (const [word, value] of WORDS) {
      if (!this.text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    return this.#fail("a value expected");
  }

  #string(): string {
    const start = this.#at;
    this.#expect('"');
    let value = this.#match(PLAIN_TEXT);
    while (this.text[this.#at] === "\\") value += this.#escape() + this.#match(PLAIN_TEXT);
    this.#expect('"');
    if (LONE_SURROGATE.test(value)) this.#fail("half of a surrogate pair in a string", start);
    return value;
  }

  #escape(): string {
    const kind = this.text[this.#at + 1] ?? "";
    const plain = Object.hasOwn(ESCAPES, kind) ? ESCAPES[kind] : undefined;
    if (plain !== undefined) {
      this.#at += 2;
      return plain;
    }
    const hex = this.text.slice(this.#at + 2, this.#at + 6);
    if (kind !== "u" || !/^[0-9a-fA-F]{4}$/.test(hex))
      this.#fail("an escape that JSON does not have");
    this.#at += 6;
    return String.fromCharCode(Number.parseInt(hex, 16));
  }

  /** Comma-separated items up to `close`. */
  #items(close: string, item: () => void): void {
    this.#at++;
    this.#skipSpace();
    if (this.text[this.#at] === close) {
      this.#at++;
      return;
    }
    for (;;) {
      this.#skipSpace();
      item();
      this.#skipSpace();
      if (this.text[this.#at] !== ",") break;
      this.#at++;
    }
    this.#expect(close);
  }

  #array(depth: number): JsonValue[] {
    const items: JsonValue[] = [];
    this.#items("]", () => items.push(this.#value(depth + 1)));
    return items;
  }

  #object(depth: number): Map<string, JsonValue> {
    const entries = new Map<string, JsonValue>();
    const places: number[] = [];
    const most = this.maxKeys[depth] ?? Infinity;
    this.#items("}", () => {
      const at = this.#at;
      const key = this.#string();
      if (entries.has(key)) {
        const firstAt = places[[...entries.keys()].indexOf(key)] ?? at;
        this.#fail("a key is there twice", at, { kind: "duplicate", key, firstAt });
      }
      if (places.push(at) > most)
        this.#fail(`an object with more than ${most} keys`, at, { kind: "keys", depth });
      this.#skipSpace();
      this.#expect(":");
      this.#skipSpace();
      entries.set(key, this.#value(depth + 1));
    });
    return entries;
  }
}

/**
 * Parses `text` as one JSON value, nested at most `maxDepth` deep; an object at depth `d` has at most `maxKeys[d]` keys,
 * where that is given.
 * @throws JsonSyntaxError
 */
export function parseStrictJson(
  text: string,
  maxDepth: number,
  maxKeys: readonly number[] = [],
): JsonValue {
  return new Scanner(text, maxDepth, maxKeys).document();
}

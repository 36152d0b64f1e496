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

/** What can be wrong with a text. */
export type JsonFault = "syntax" | "duplicate" | "depth" | "keys" | "surrogate";

/** Thrown by {@link parseStrictJson}; `at` counts UTF-16 units of the text. */
export class JsonSyntaxError extends Error {
  constructor(
    readonly fault: JsonFault,
    message: string,
    readonly at: number,
    readonly key: string | null = null,
    readonly firstAt: number | null = null,
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

class Scanner {
  #at = 0;

  constructor(
    readonly text: string,
    readonly maxDepth: number,
    readonly maxKeys: number,
  ) {}

  document(): JsonValue {
    this.#skipSpace();
    const value = this.#value(0);
    this.#skipSpace();
    if (this.#at < this.text.length) this.#fail("text after the value");
    return value;
  }

  #fail(message: string, fault: JsonFault = "syntax"): never {
    throw new JsonSyntaxError(fault, message, this.#at);
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.text)?.[0] ?? "";
    this.#at += found.length;
    return found;
  }

  #skipSpace(): void {
    this.#match(SPACE);
  }

  #expect(character: string): void {
    if (this.text[this.#at] !== character) this.#fail(`"${character}" expected`);
    this.#at++;
  }

  #value(depth: number): JsonValue {
    const character = this.text[this.#at];
    if (character === '"') return this.#string();
    if (character === "{" || character === "[") {
      if (depth >= this.maxDepth) this.#fail(`nested deeper than ${this.maxDepth}`, "depth");
      return character === "{" ? this.#object(depth) : this.#array(depth);
    }
    return this.#literal();
  }

  #literal(): JsonValue {
    for (const [word, value] of [
      ["null", null],
      ["true", true],
      ["false", false],
    ] as const) {
      if (!this.text.startsWith(word, this.#at)) continue;
      this.#at += word.length;
      return value;
    }
    const number = this.#match(NUMBER);
    if (number === "") this.#fail("a value expected");
    return new JsonNumber(number);
  }

  #string(): string {
    const start = this.#at;
    this.#expect('"');
    let value = this.#match(PLAIN_TEXT);
    while (this.text[this.#at] === "\\") value += this.#escape() + this.#match(PLAIN_TEXT);
    this.#expect('"');
    if (LONE_SURROGATE.test(value))
      throw new JsonSyntaxError("surrogate", "half of a surrogate pair in a string", start);
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
    this.#items("}", () => {
      const at = this.#at;
      const key = this.#string();
      if (entries.has(key)) {
        const first = places[[...entries.keys()].indexOf(key)] ?? at;
        throw new JsonSyntaxError("duplicate", "a key is there twice", at, key, first);
      }
      if (places.push(at) > this.maxKeys)
        this.#fail(`an object with more than ${this.maxKeys} keys`, "keys");
      this.#skipSpace();
      this.#expect(":");
      this.#skipSpace();
      entries.set(key, this.#value(depth + 1));
    });
    return entries;
  }
}

/**
 * Parses `text` as one JSON value, nested at most `maxDepth` deep and with at most `maxKeys` keys in an object.
 * @throws JsonSyntaxError
 */
export function parseStrictJson(text: string, maxDepth = 64, maxKeys = Infinity): JsonValue {
  return new Scanner(text, maxDepth, maxKeys).document();
}

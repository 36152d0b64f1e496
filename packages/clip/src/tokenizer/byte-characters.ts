// The printable character that stands for each byte in the vocabulary of a byte-level tokenizer.

const printable = (byte: number): boolean =>
  (byte >= 0x21 && byte <= 0x7e) || (byte >= 0xa1 && byte <= 0xac) || byte >= 0xae;

/** Bytes in the order of the vocabulary: printable ones, then the others. */
const ORDER: readonly number[] = [true, false].flatMap((wanted) =>
  Array.from({ length: 256 }, (_, byte) => byte).filter((byte) => printable(byte) === wanted),
);
const FIRST_OTHER = 188;

/** Characters that stand for bytes, in the order of the vocabulary. */
export const BYTE_CHARACTERS: readonly string[] = ORDER.map((byte, i) =>
  String.fromCharCode(i < FIRST_OTHER ? byte : 256 + i - FIRST_OTHER),
);

const CHARACTER_OF: readonly string[] = ORDER.reduce<string[]>((found, byte, i) => {
  found[byte] = BYTE_CHARACTERS[i] ?? "";
  return found;
}, []);

/** The bytes of `text` in UTF-8, each as its character. */
export function toByteCharacters(text: string): string {
  return Array.from(new TextEncoder().encode(text), (byte) => CHARACTER_OF[byte]).join("");
}

// What a file of another format most likely is, from its first bytes.

const MAGICS: readonly (readonly [bytes: readonly number[], name: string])[] = [
  [[0x50, 0x4b, 3, 4], "a zip archive (a PyTorch checkpoint?)"],
  [[0x80, 2], "a Python pickle"],
  [[0x80, 3], "a Python pickle"],
  [[0x80, 4], "a Python pickle"],
  [[0x80, 5], "a Python pickle"],
  [[0x47, 0x47, 0x55, 0x46], "a GGUF file"],
];

/** UTF-8's byte order mark, read as Latin-1. */
const BYTE_ORDER_MARK = /^\u00ef\u00bb\u00bf/;

/** What the file that starts with the eight bytes `start` looks like, or null where nothing is recognised. */
export function guessFormat(start: Uint8Array): string | null {
  for (const [magic, name] of MAGICS) if (magic.every((byte, i) => start[i] === byte)) return name;
  const text = new TextDecoder("latin1").decode(start).toLowerCase().replace(BYTE_ORDER_MARK, "");
  if (text === "version ") return "a Git LFS pointer";
  if (/^\s*<[!?a-z]/.test(text)) return "an HTML page";
  return /^\s*[{[]\s*["{[]/.test(text) ? "a JSON answer" : null;
}

// Mutations of safetensors files: of their parts, of their header's text, of their bytes. Some leave a file valid.
import type { RandomSource } from "../fuzz/random-source.ts";
import { file, join, utf8 } from "./corpus/corpus-case.ts";
import { BITS, buildFile, headerText, randomFile, type FileParts } from "./random-file.ts";

const EDGES = [
  "0",
  "1",
  "-1",
  "-0",
  "2147483648",
  "4294967295",
  "4294967296",
  "9007199254740991",
  "9007199254740992",
  "9223372036854775808",
  "18446744073709551615",
  "1e400",
  "2.0",
  "2e0",
  "1e-1",
  '"1"',
  "null",
  "[1]",
  "9".repeat(400),
];
const WRONG_DTYPES = ['"F33"', '"f32"', '"__proto__"', '""', "32", "null", "{}", '["F32"]', ""];
const WRONG_TEXTS = ["1", "null", "{}", "[]", "true", '"\\ud800"', '"\\u00e9"'];
const SPACES = [" ", "\t", "\r\n", "\n\n", "\ufeff", "\0", "\u00a0", "//", ","];

type PartsMutator = (parts: FileParts, random: RandomSource) => void;

/** Writes `key`'s first character as an escape: the same key, other bytes. */
const escaped = (key: string): string => {
  const text = JSON.parse(key) as string;
  const units = Array.from({ length: text.length }, (_, i) => text.charCodeAt(i));
  return `"${units.map((unit) => `\\u${unit.toString(16).padStart(4, "0")}`).join("")}"`;
};

/** `text` within `depth` lists. */
const nested = (text: string, depth: number): string =>
  "[".repeat(depth) + text + "]".repeat(depth);

const MUTATORS: Readonly<Record<string, PartsMutator>> = {
  number: ({ tensors }, random) => {
    const tensor = random.pick(tensors);
    const list = random.chance(0.5) ? tensor.shape : tensor.offsets;
    list[random.below(list.length)] = random.pick(EDGES);
  },
  boundary: ({ tensors }, random) => {
    const tensor = random.pick(tensors);
    const side = random.below(2);
    const moved = Number(tensor.offsets[side]) + random.pick([-8, -4, -1, 1, 4, 8, 1000]);
    tensor.offsets[side] = String(moved);
  },
  shift: ({ tensors }, random) => {
    const tensor = random.pick(tensors);
    const by = random.pick([-8, -4, -1, 1, 4, 8, 1000]);
    tensor.offsets = tensor.offsets.map((offset) => String(Number(offset) + by));
  },
  swap: ({ tensors }, random) => {
    const [a, b] = [random.pick(tensors), random.pick(tensors)];
    [a.offsets, b.offsets] = [b.offsets, a.offsets];
  },
  reverse: ({ tensors }, random) => void random.pick(tensors).offsets.reverse(),
  count: ({ tensors }, random) => {
    const tensor = random.pick(tensors);
    if (random.chance(0.5)) tensor.offsets.splice(random.below(2), 1);
    else tensor.shape.push(random.pick(["1", "1", "2", "0"]));
  },
  rank: ({ tensors }, random) => {
    random.pick(tensors).shape.push(...Array<string>(random.between(1, 12)).fill("1"));
  },
  drop: ({ tensors }, random) => void tensors.splice(random.below(tensors.length), 1),
  repeat: ({ tensors }, random) => {
    const tensor = random.pick(tensors);
    const key = random.chance(0.5) ? tensor.key : escaped(tensor.key);
    tensors.splice(random.below(tensors.length + 1), 0, { ...tensor, key });
  },
  escape: ({ tensors }, random) => {
    const tensor = random.pick(tensors);
    tensor.key = escaped(tensor.key);
  },
  rename: ({ tensors }, random) => {
    random.pick(tensors).key = random.pick([
      '"\\ud800"',
      '"__metadata__"',
      `"${"n".repeat(1025)}"`,
    ]);
  },
  permute: (parts, random) => {
    parts.tensors = random.shuffle(parts.tensors);
  },
  dtype: ({ tensors }, random) => {
    const names = [...BITS.keys()].map((name) => `"${name}"`);
    random.pick(tensors).dtype = random.pick(random.chance(0.7) ? names : WRONG_DTYPES);
  },
  field: ({ tensors }, random) => {
    const keys = ['"dtype"', '"shape"', '"data_offsets"', '"d\\u0074ype"', '"note"', '"__proto__"'];
    const value = random.pick(['"F32"', "[1]", "[0,4]", "{}", nested("", random.between(1, 6))]);
    random.pick(tensors).extra.push([random.pick(keys), value]);
  },
  metadata: (parts, random) => {
    parts.metadata ??= [];
    const key = random.pick(['"k0"', '"new"', '"__proto__"']);
    parts.metadata.push([key, random.chance(0.5) ? '"text"' : random.pick(WRONG_TEXTS)]);
  },
  space: (parts, random) => {
    const space = random.pick(SPACES);
    if (random.chance(0.5)) parts.before = space;
    else parts.after = space;
  },
  data: (parts, random) => {
    const { data } = parts;
    parts.data = random.chance(0.5)
      ? data.subarray(0, random.below(data.length + 1))
      : join(data, new Uint8Array(random.between(1, 9)));
  },
};

const mutators = Object.values(MUTATORS);

/** The parts of a file, one to three of them changed. */
function mutateParts(parts: FileParts, random: RandomSource): Uint8Array<ArrayBuffer> {
  for (let left = random.between(1, 3); left > 0 && parts.tensors.length > 0; left--)
    random.pick(mutators)(parts, random);
  return buildFile(parts);
}

/** The text of a header, changed at one place. */
function mutateText(parts: FileParts, random: RandomSource): Uint8Array<ArrayBuffer> {
  const text = headerText(parts);
  const at = random.below(text.length + 1);
  const inserted = random.pick([...SPACES, "]", "}", '"', "\\", "0", "-", "\\u", nested("", 100)]);
  const changed = random.pick([
    text.slice(0, at) + inserted + text.slice(at),
    text.slice(0, at) + text.slice(at + random.between(1, 3)),
    text.slice(0, at),
    nested(text, random.between(1, 5)),
    random.pick(["null", "[]", '"{}"', "0", ""]),
  ]);
  return file(changed, parts.data);
}

/** The length field moved, so that header and data do not part where they should. */
function mutateLength(parts: FileParts, random: RandomSource): Uint8Array<ArrayBuffer> {
  const whole = buildFile(parts);
  const view = new DataView(whole.buffer);
  const length = view.getBigUint64(0, true);
  const far = BigInt(random.bits()) << BigInt(random.below(33));
  const by = random.pick([-8n, -1n, 1n, 8n, far]);
  view.setBigUint64(0, BigInt.asUintN(64, length + by), true);
  return whole;
}

/** Bytes of the file replaced, cut off, added, or taken from another file. */
function mutateBytes(parts: FileParts, random: RandomSource): Uint8Array<ArrayBuffer> {
  const whole = buildFile(parts);
  const at = random.below(whole.length + 1);
  switch (random.below(5)) {
    case 0:
      return whole.slice(0, at);
    case 1:
      return join(whole, utf8(" ".repeat(random.between(1, 9))));
    case 2:
      return join(whole.subarray(0, at), buildFile(randomFile(random)).subarray(at));
    case 3:
      return join(whole.subarray(0, at), Uint8Array.of(random.below(256)), whole.subarray(at));
    default:
      for (let left = random.between(1, 4); left > 0; left--)
        whole[random.below(whole.length)] = random.below(256);
      return whole;
  }
}

/** What was done to a random file. */
export type Mutation = "none" | "parts" | "text" | "length" | "bytes";

/** A random file: one in ten as it was made, one in five with changed bytes, else with changed parts or text. */
export function mutatedFile(random: RandomSource): {
  readonly mutation: Mutation;
  readonly bytes: Uint8Array<ArrayBuffer>;
} {
  const parts = randomFile(random);
  const kind = random.unit();
  if (kind < 0.1) return { mutation: "none", bytes: buildFile(parts) };
  if (kind < 0.3) return { mutation: "bytes", bytes: mutateBytes(parts, random) };
  if (kind < 0.35) return { mutation: "length", bytes: mutateLength(parts, random) };
  if (kind < 0.45) return { mutation: "text", bytes: mutateText(parts, random) };
  return { mutation: "parts", bytes: mutateParts(parts, random) };
}

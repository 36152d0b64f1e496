// Random safetensors files as their parts, each the JSON text that will stand in the header, so that any part can be spoilt.
import type { RandomSource } from "../fuzz/random-source.ts";
import { file } from "./corpus/corpus-case.ts";

/** A key of an object and its value, both as JSON text. */
export type Member = [key: string, value: string];

/** A tensor's record by its fields. */
export interface TensorParts {
  key: string;
  dtype: string;
  shape: string[];
  offsets: string[];
  /** Further fields, as JSON text. */
  extra: Member[];
}

/** A file before it is put together. */
export interface FileParts {
  tensors: TensorParts[];
  /** `__metadata__`, or null where there is none. */
  metadata: Member[] | null;
  /** Text before and after the object. */
  before: string;
  after: string;
  data: Uint8Array;
}

/** Element types and their bits, written down here once more from the format's description. */
export const BITS: ReadonlyMap<string, number> = new Map([
  ["BOOL", 8],
  ["U8", 8],
  ["I8", 8],
  ["F8_E5M2", 8],
  ["F8_E4M3", 8],
  ["F8_E8M0", 8],
  ["F4", 4],
  ["F6_E2M3", 6],
  ["F6_E3M2", 6],
  ["I16", 16],
  ["U16", 16],
  ["F16", 16],
  ["BF16", 16],
  ["I32", 32],
  ["U32", 32],
  ["F32", 32],
  ["F64", 64],
  ["I64", 64],
  ["U64", 64],
  ["C64", 64],
]);

const NAMES = [
  "cls_token",
  "patch_embed.proj.weight",
  "blocks.0.attn.qkv.weight",
  "blocks.0.norm1.bias",
  "head.weight",
  "__proto__",
  "constructor",
  "hasOwnProperty",
  "",
  "dtype",
  "<b>\u2028</b>",
  'quote " and \\ slash',
  "重み🙂",
  "\u0000\u001f\u007f",
];

/** A valid file: up to six tensors that tile its data, in any order. */
export function randomFile(random: RandomSource): FileParts {
  const names = random.shuffle(NAMES).slice(0, random.below(7));
  let at = 0;
  const tensors = names.map((name): TensorParts => {
    const [dtype, bits] = random.pick([...BITS]);
    const shape = Array.from({ length: random.below(4) }, () => random.below(5));
    const elements = shape.reduce((product, size) => product * size, 1);
    // Elements of four and six bits fill whole bytes only in fours.
    if ((elements * bits) % 8 !== 0) shape.push(4);
    const begin = at;
    at += (shape.reduce((product, size) => product * size, 1) * bits) / 8;
    return {
      key: JSON.stringify(name),
      dtype: `"${dtype}"`,
      shape: shape.map(String),
      offsets: [String(begin), String(at)],
      extra: [],
    };
  });
  const pairs = Array.from({ length: random.below(3) }, (_, i): Member => [`"k${i}"`, `"v${i}"`]);
  return {
    tensors: random.shuffle(tensors),
    metadata: random.chance(0.5) ? pairs : null,
    before: "",
    after: "",
    data: Uint8Array.from({ length: at }, () => random.below(256)),
  };
}

function recordText({ dtype, shape, offsets, extra }: TensorParts): string {
  const members = [
    ...(dtype === "" ? [] : [`"dtype":${dtype}`]),
    `"shape":[${shape.join(",")}]`,
    `"data_offsets":[${offsets.join(",")}]`,
    ...extra.map(([key, value]) => `${key}:${value}`),
  ];
  return `{${members.join(",")}}`;
}

/** The header's text. */
export function headerText({ tensors, metadata, before, after }: FileParts): string {
  const pairs = metadata?.map(([key, value]) => `${key}:${value}`);
  const members = [
    ...(pairs === undefined ? [] : [`"__metadata__":{${pairs.join(",")}}`]),
    ...tensors.map((tensor) => `${tensor.key}:${recordText(tensor)}`),
  ];
  return `${before}{${members.join(",")}}${after}`;
}

/** The file that consists of `parts`. */
export function buildFile(parts: FileParts): Uint8Array<ArrayBuffer> {
  return file(headerText(parts), parts.data);
}

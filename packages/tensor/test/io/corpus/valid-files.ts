// Class V of the corpus: files that must load, exactly as they say.
import {
  f32,
  file,
  join,
  record,
  utf8,
  type CorpusCase,
  type ExpectedTensor,
} from "./corpus-case.ts";

const TWO = f32(1.5, -2);
const MORE = f32(3, 0.25);
const NONE = new Uint8Array(0);

const held = (name: string, shape: readonly number[], bytes: Uint8Array): ExpectedTensor => ({
  name,
  shape,
  bytes,
});

/** A file of one tensor of two numbers called `name`. */
const named = (id: string, what: string, name: string): CorpusCase => ({
  id,
  what,
  expected: "ok",
  build: () => file(`{${JSON.stringify(name)}:${record()}}`, TWO),
  tensors: [held(name, [2], TWO)],
});

/** Quiet and signalling NaN with payloads, both infinities, -0 and the smallest subnormal. */
const SPECIAL = new Uint8Array(
  new Uint32Array([
    0x7fc00001, 0xffc12345, 0x7fa00001, 0x7f800000, 0xff800000, 0x80000000, 0x00000001, 0x3f800000,
  ]).buffer,
);

/** Files that must load. */
export const validFiles: readonly CorpusCase[] = [
  { id: "V01", what: "no tensors", expected: "ok", build: () => file("{}"), tensors: [] },
  named("V02", "one tensor", "w"),
  {
    id: "V03",
    what: "a scalar",
    expected: "ok",
    build: () => file(`{"s":${record({ shape: "[]", offsets: "[0,4]" })}}`, f32(7)),
    tensors: [held("s", [], f32(7))],
  },
  {
    id: "V04",
    what: "a tensor without elements",
    expected: "ok",
    build: () => file(`{"e":${record({ shape: "[0,3]", offsets: "[0,0]" })}}`),
    tensors: [held("e", [0, 3], NONE)],
  },
  {
    id: "V05",
    what: "trailing spaces",
    expected: "ok",
    build: () => file(`{"w":${record()}}${" ".repeat(64)}`, TWO),
    tensors: [held("w", [2], TWO)],
  },
  {
    id: "V06",
    what: "metadata",
    expected: "ok",
    build: () => file(`{"__metadata__":{"format":"pt","note":""},"w":${record()}}`, TWO),
    tensors: [held("w", [2], TWO)],
    metadata: [
      ["format", "pt"],
      ["note", ""],
    ],
  },
  {
    id: "V07",
    what: "empty metadata, after the tensors",
    expected: "ok",
    build: () => file(`{"w":${record()},"__metadata__":{}}`, TWO),
    tensors: [held("w", [2], TWO)],
  },
  {
    id: "V08",
    what: "names not sorted",
    expected: "ok",
    build: () => file(`{"z":${record()},"a":${record({ offsets: "[8,16]" })}}`, join(TWO, MORE)),
    tensors: [held("z", [2], TWO), held("a", [2], MORE)],
  },
  {
    id: "V09",
    what: "offsets in another order than the keys",
    expected: "ok",
    build: () => file(`{"a":${record({ offsets: "[8,16]" })},"b":${record()}}`, join(TWO, MORE)),
    tensors: [held("a", [2], MORE), held("b", [2], TWO)],
  },
  {
    id: "V10",
    what: "data not aligned to its elements",
    expected: "ok",
    // The header's text has 53 bytes for a name of one: no multiple of four.
    build: () => file(`{"w":${record()}}`, TWO, { pad: false }),
    tensors: [held("w", [2], TWO)],
  },
  {
    id: "V11",
    what: "NaN with payloads, infinities, -0 and a subnormal",
    expected: "ok",
    build: () => file(`{"w":${record({ shape: "[8]", offsets: "[0,32]" })}}`, SPECIAL),
    tensors: [held("w", [8], SPECIAL)],
  },
  named("V12", "a name that is not ASCII", "重み/é🙂"),
  named("V13", "markup as a name", "<img src=x onerror=alert(1)>"),
  named("V14", "a tensor called __proto__", "__proto__"),
  {
    id: "V15",
    what: "tensors called constructor and toString",
    expected: "ok",
    build: () =>
      file(
        `{"constructor":${record()},"toString":${record({ offsets: "[8,16]" })}}`,
        join(TWO, MORE),
      ),
    tensors: [held("constructor", [2], TWO), held("toString", [2], MORE)],
  },
  {
    id: "V16",
    what: "two tensors without elements at one offset",
    expected: "ok",
    build: () => {
      const none = record({ shape: "[0]", offsets: "[0,0]" });
      return file(`{"d":${none},"e":${none},"w":${record()}}`, TWO);
    },
    tensors: [held("d", [0], NONE), held("e", [0], NONE), held("w", [2], TWO)],
  },
  {
    id: "V17",
    what: "leading spaces",
    expected: "ok",
    build: () => file(`        {"w":${record()}}`, TWO),
    tensors: [held("w", [2], TWO)],
  },
  {
    id: "V18",
    what: "white space of every kind between all tokens",
    expected: "ok",
    build: () => {
      const loose = `{ "w" : ${record()} }`.replace(/[:,[\]{}]/g, "\t\r\n$& ");
      return file(utf8(loose), TWO);
    },
    tensors: [held("w", [2], TWO)],
  },
];

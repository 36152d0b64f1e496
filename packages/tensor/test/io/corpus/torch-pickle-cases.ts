// Pickles that are refused, for what they would run, describe wrongly or cost: each with its code.
import { join, utf8 } from "./corpus-case.ts";
import { GOOD, pickled, raw, type More, type TorchCase } from "./torch-case.ts";
import {
  checkpoint,
  dict,
  global,
  int,
  numbers,
  pickle,
  storage,
  tensorCall,
  text,
  tuple,
} from "./torch-file.ts";

const system = join(global("os", "system"), tuple(text("rm -rf /")));
const refused = (name: string): More => ({ details: { name } });

const CODE: readonly TorchCase[] = [
  pickled("os.system", "PT_PICKLE_REFUSED", join(system, utf8("R")), refused("os.system")),
  pickled(
    "os.system as a dict's value",
    "PT_PICKLE_REFUSED",
    dict(text("w"), join(system, utf8("R"))),
  ),
  ...[
    ["posix", "system"],
    ["builtins", "eval"],
    ["builtins", "exec"],
    ["builtins", "getattr"],
    ["__builtin__", "__import__"],
    ["subprocess", "Popen"],
    ["torch", "load"],
    ["torch.hub", "load"],
    ["torch._utils", "_rebuild_qtensor"],
    ["numpy.core.multiarray", "scalar"],
    ["collections", "defaultdict"],
    ["vit_prisma.sae.config", "VisionModelSAERunnerConfig"],
    ["torch\n", "float32"],
    ["constructor", "__proto__"],
  ].map(([module = "", name = ""]) =>
    pickled(`${JSON.stringify(module)}.${name}`, "PT_PICKLE_REFUSED", global(module, name)),
  ),
  pickled(
    "os.system by STACK_GLOBAL",
    "PT_PICKLE_REFUSED",
    join(text("os"), text("system"), Uint8Array.of(0x93)),
    refused("os.system"),
  ),
  pickled("INST", "PT_PICKLE_REFUSED", utf8("(ios\nsystem\n"), { details: { opcode: 0x69 } }),
  pickled("OBJ", "PT_PICKLE_REFUSED", join(utf8("("), global("torch", "Size"), utf8("o"))),
  pickled(
    "NEWOBJ",
    "PT_PICKLE_REFUSED",
    join(global("torch", "Size"), utf8(")"), Uint8Array.of(0x81)),
  ),
  pickled("an extension by number", "PT_PICKLE_REFUSED", Uint8Array.of(0x82, 1)),
  pickled("a textual persistent id", "PT_PICKLE_REFUSED", utf8("Pstorage\n")),
  pickled("a value that is called", "PT_PICKLE_REFUSED", join(text("f"), utf8(")R"))),
  pickled(
    "a dtype that is called",
    "PT_PICKLE_REFUSED",
    join(global("torch", "float32"), utf8(")R")),
  ),
  pickled(
    "a storage type that is called",
    "PT_PICKLE_REFUSED",
    join(global("torch", "FloatStorage"), utf8(")R")),
  ),
  pickled(
    "a function left as a value",
    "PT_PICKLE_REFUSED",
    global("torch._utils", "_rebuild_tensor_v2"),
  ),
  pickled("a storage left as a value", "PT_PICKLE_REFUSED", storage()),
  pickled(
    "an OrderedDict with arguments",
    "PT_PICKLE_REFUSED",
    join(global("collections", "OrderedDict"), tuple(int(1)), utf8("R")),
  ),
  pickled(
    "attributes for a dict",
    "PT_PICKLE_REFUSED",
    join(utf8("}"), dict(text("_metadata"), int(1)), utf8("b")),
  ),
  pickled(
    "attributes for a state dict that are not _metadata",
    "PT_PICKLE_REFUSED",
    join(
      global("collections", "OrderedDict"),
      utf8(")R"),
      dict(text("__class__"), int(1)),
      utf8("b"),
    ),
  ),
  pickled(
    "a tensor with hooks",
    "PT_PICKLE_REFUSED",
    join(
      global("torch._utils", "_rebuild_parameter"),
      tuple(tensorCall(), Uint8Array.of(0x88), dict(text("hook"), int(1))),
      utf8("R"),
    ),
  ),
];

const SHAPES: readonly TorchCase[] = [
  pickled(
    "a persistent id of another kind",
    "PT_STORAGE_INVALID",
    join(
      tuple(text("module"), global("torch", "FloatStorage"), text("0"), text("cpu"), int(2)),
      utf8("Q"),
    ),
  ),
  pickled("a persistent id that is a path", "PT_STORAGE_INVALID", storage("../data.pkl")),
  pickled("a persistent id of text", "PT_STORAGE_INVALID", join(text("0"), utf8("Q"))),
  pickled(
    "a storage of a type that is none",
    "PT_STORAGE_INVALID",
    storage("0", 2, global("torch", "float32")),
  ),
  pickled("a storage of -1 elements", "PT_STORAGE_INVALID", storage("0", -1)),
  pickled(
    "a storage that is not there",
    "PT_STORAGE_INVALID",
    tensorCall({ storage: storage("7") }),
  ),
  pickled(
    "a storage that is shorter than said",
    "PT_STORAGE_INVALID",
    tensorCall({ storage: storage("0", 3) }),
    { details: { key: "0", needed: 12, found: 8 } },
  ),
  pickled("one element too many", "PT_TENSOR_INVALID", tensorCall({ shape: [3] })),
  pickled("an offset behind the storage", "PT_TENSOR_INVALID", tensorCall({ offset: 1 })),
  pickled("a stride past the storage", "PT_TENSOR_INVALID", tensorCall({ strides: [2] })),
  pickled("a negative stride", "PT_TENSOR_INVALID", tensorCall({ strides: [-1] })),
  pickled("a negative size", "PT_TENSOR_INVALID", tensorCall({ shape: [-2] })),
  pickled("a negative offset", "PT_TENSOR_INVALID", tensorCall({ offset: -1 })),
  pickled("strides of another rank", "PT_TENSOR_INVALID", tensorCall({ strides: [1, 1] })),
  pickled(
    "a shape with more elements than can be counted",
    "PT_TENSOR_INVALID",
    tensorCall({ shape: [2 ** 31 - 1, 2 ** 31 - 1], strides: [0, 0] }),
  ),
  pickled(
    "rows that overlap: more elements than the storage",
    "PT_TENSOR_INVALID",
    tensorCall({
      storage: storage("0", 8, global("torch", "BoolStorage")),
      shape: [5, 4],
      strides: [1, 1],
    }),
  ),
  pickled(
    "nine axes",
    "PT_LIMIT",
    tensorCall({ shape: Array<number>(9).fill(1), strides: Array<number>(9).fill(1) }),
  ),
];

const repeated = (count: number, ...bytes: readonly number[]): Uint8Array =>
  Uint8Array.from({ length: count * bytes.length }, (_, i) => bytes[i % bytes.length] ?? 0);

const LIST = 0x5d;
const APPEND = 0x61;

const PICKLES: readonly TorchCase[] = [
  raw("an empty pickle", "PT_PICKLE_INVALID", new Uint8Array(0)),
  raw("protocol 0", "PT_PICKLE_INVALID", utf8("(lp0\n.")),
  raw("protocol 9", "PT_PICKLE_INVALID", Uint8Array.of(0x80, 9, 0x4e, 0x2e)),
  raw("no STOP", "PT_PICKLE_INVALID", Uint8Array.of(0x80, 2, 0x4e)),
  raw("bytes behind STOP", "PT_PICKLE_INVALID", join(GOOD, GOOD)),
  pickled("nothing on the stack", "PT_PICKLE_INVALID", new Uint8Array(0)),
  pickled("two values on the stack", "PT_PICKLE_INVALID", utf8("NN")),
  pickled("a mark left open", "PT_PICKLE_INVALID", utf8("(N")),
  pickled("a mark that is missing", "PT_PICKLE_INVALID", utf8("Nt")),
  pickled("a value below a mark", "PT_PICKLE_INVALID", utf8("](a")),
  pickled(
    "a text longer than the pickle",
    "PT_PICKLE_INVALID",
    join(utf8("X"), numbers([4, 1000])),
  ),
  pickled("a text of 4 GB", "PT_LIMIT", join(utf8("X"), numbers([4, 2 ** 32 - 1]))),
  pickled("a text of 2^63 bytes", "PT_LIMIT", join(Uint8Array.of(0x8d), numbers([8, 2 ** 63]))),
  pickled(
    "a text that is not UTF-8",
    "PT_PICKLE_INVALID",
    join(utf8("X"), numbers([4, 1]), Uint8Array.of(0xff)),
  ),
  pickled(
    "a whole number of 2 GB",
    "PT_PICKLE_INVALID",
    join(Uint8Array.of(0x8b), numbers([4, 2 ** 31])),
  ),
  pickled("a name without an end", "PT_PICKLE_INVALID", utf8("cos")),
  pickled("something that was never remembered", "PT_PICKLE_INVALID", Uint8Array.of(0x68, 3)),
  pickled(
    "a memo of 2^32 - 1, asked for as another",
    "PT_PICKLE_INVALID",
    join(utf8("Nr"), numbers([4, 2 ** 32 - 1]), Uint8Array.of(0x68, 0)),
  ),
  pickled("a key that is a list", "PT_PICKLE_INVALID", dict(utf8("]"), int(1))),
  pickled(
    "a key twice",
    "PT_PICKLE_INVALID",
    join(dict(text("w"), int(1)), text("w"), int(2), utf8("s")),
  ),
  pickled("a key without a value", "PT_PICKLE_INVALID", join(utf8("}("), text("w"), utf8("u"))),
  pickled(
    "items of a dict that is a list",
    "PT_PICKLE_INVALID",
    join(utf8("]"), text("w"), int(1), utf8("s")),
  ),
  pickled(
    "a list that holds itself",
    "PT_PICKLE_INVALID",
    Uint8Array.of(LIST, 0x71, 0, 0x68, 0, APPEND),
  ),
  pickled(
    "lists 100,000 deep",
    "PT_LIMIT",
    join(repeated(100_000, LIST), repeated(99_999, APPEND)),
    { details: { limit: "depth" } },
  ),
  pickled("tuples 100,000 deep", "PT_LIMIT", join(utf8(")"), repeated(100_000, 0x85)), {
    details: { limit: "depth" },
  }),
  pickled(
    "more instructions than the limit",
    "PT_LIMIT",
    join(utf8("]"), repeated(60, 0x4e, APPEND)),
    { limits: { instructions: 100 }, details: { limit: "instructions" } },
  ),
];

/** All of them. */
export const TORCH_PICKLES: readonly TorchCase[] = [...CODE, ...SHAPES, ...PICKLES];

/** Tuples of two references to the tuple before, `levels` times over: 2^levels values in a few hundred bytes. */
export function doublingTuples(levels: number): Uint8Array<ArrayBuffer> {
  const level = (_: unknown, i: number): Uint8Array =>
    Uint8Array.of(0x68, i, 0x68, i, 0x86, 0x71, i + 1);
  const doubled = Array.from({ length: levels }, level);
  return checkpoint(pickle(join(utf8("("), Uint8Array.of(LIST, 0x71, 0), ...doubled, utf8("t"))));
}

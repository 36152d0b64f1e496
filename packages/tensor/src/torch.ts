// PyTorch checkpoints as tensors: what torch.save wrote, read by ranges and without Python; no code of the file is run.
import { checkOptions } from "./check-options.ts";
import { byteSource, type ByteInput, type ByteSource, type ReadOptions } from "./io/byte-source.ts";
import { assertFloatType, type FloatType } from "./io/decode-dtype.ts";
import { openTorchArchive } from "./io/torch-archive.ts";
import { dtypeText } from "./io/torch-globals.ts";
import { torchNode, type TorchReading } from "./io/torch-leaf.ts";
import { TORCH_LIMITS, TorchCheck, type TorchLimits } from "./io/torch-limits.ts";
import { readTorchPickle } from "./io/torch-pickle.ts";
import {
  PickleDict,
  PickleGlobal,
  PickleTuple,
  TorchStorage,
  TorchTensor,
  type PickleValue,
} from "./io/torch-values.ts";
import { checkDevice, currentDevice, type Device } from "./run/devices.ts";
import { Tensor } from "./tensor.ts";

/** A dict of a checkpoint, in its order. */
export type TorchDict = ReadonlyMap<string | number, TorchValue>;

/** What a checkpoint holds: lists and tuples are arrays, dtypes text (`torch.float16`). */
export type TorchValue =
  | Tensor
  | number
  | bigint
  | string
  | boolean
  | null
  | readonly TorchValue[]
  | TorchDict;

/** A checkpoint opened: its tensors, not read yet. */
export interface TorchFile {
  /** Everything that was saved. */
  readonly value: TorchValue;
  /**
   * The tensors of the state dict by name, the same as in `value`: `value` itself, or what it has as `model_state_dict`,
   * `state_dict` or `model`, the first of these. A `module.` before every name (`DataParallel`) is left out.
   */
  readonly tensors: Map<string, Tensor>;
  /** Every tensor of the file, those of an optimizer too. */
  readonly all: readonly Tensor[];
  /** Lets go of {@link all}. */
  dispose(): void;
}

/** How a checkpoint is opened. */
export interface ReadTorchOptions extends TorchLimits, ReadOptions {
  /** Default: the device of the last `init`. */
  readonly device?: Device;
  /** In what floats are held; "f16" takes half the memory and rounds what is wider. Default: "f32". */
  readonly dtype?: FloatType;
}

/** Turns what the pickle describes into values, each container once. */
class TorchTree {
  readonly tensors = new Map<TorchTensor, Tensor>();
  readonly #made = new Map<PickleValue, TorchValue>();
  readonly #open = new Set<PickleValue>();

  constructor(readonly reading: TorchReading) {}

  value(from: PickleValue, depth = 0): TorchValue {
    if (from === null || typeof from !== "object") return from;
    if (from instanceof TorchTensor) return this.#tensor(from);
    if (from instanceof PickleGlobal || from instanceof TorchStorage) return this.#name(from);
    const made = this.#made.get(from);
    if (made !== undefined) return made;
    const { check } = this.reading;
    check.assertWithin("depth", depth + 1, "containers within one another");
    if (this.#open.has(from)) check.fail("PT_PICKLE_INVALID", "a container holds itself");
    this.#open.add(from);
    const value = this.#container(from, depth + 1);
    this.#open.delete(from);
    this.#made.set(from, value);
    return value;
  }

  #container(from: PickleDict | PickleTuple | PickleValue[], depth: number): TorchValue {
    if (from instanceof PickleDict)
      return new Map([...from].map(([key, item]) => [key, this.value(item, depth)]));
    const items = from instanceof PickleTuple ? from.items : from;
    return items.map((item) => this.value(item, depth));
  }

  #tensor(from: TorchTensor): Tensor {
    const made = this.tensors.get(from) ?? new Tensor(torchNode(from, this.reading));
    this.tensors.set(from, made);
    return made;
  }

  #name(from: PickleGlobal | TorchStorage): string {
    const text = from instanceof PickleGlobal ? dtypeText(from) : null;
    if (text !== null) return text;
    const what = from instanceof PickleGlobal ? from.name.replace(" ", ".") : "a bare storage";
    return this.reading.check.fail(
      "PT_PICKLE_REFUSED",
      `the checkpoint holds ${what}, which is no tensor or plain value`,
      { name: what },
    );
  }
}

const STATE_DICTS = ["model_state_dict", "state_dict", "model"] as const;
/** Before every name of a model that `DataParallel` wraps. */
const WRAPPER = "module.";

/** The tensors of the state dict in `value`, by name. */
function stateDictOf(value: TorchValue): Map<string, Tensor> {
  if (!(value instanceof Map)) return new Map();
  const named = tensorsIn(value);
  const within = STATE_DICTS.map((key) => value.get(key)).find((dict) => dict instanceof Map);
  const found = named.length > 0 || !(within instanceof Map) ? named : tensorsIn(within);
  const wrapped = found.every(([name]) => name.startsWith(WRAPPER));
  return new Map(found.map(([name, one]) => [wrapped ? name.slice(WRAPPER.length) : name, one]));
}

function tensorsIn(dict: TorchDict): [string, Tensor][] {
  return [...dict].flatMap(([name, value]) =>
    typeof name === "string" && value instanceof Tensor ? [[name, value]] : [],
  );
}

async function open(
  source: ByteSource,
  check: TorchCheck,
  held: { readonly device: Device; readonly dtype: FloatType },
): Promise<TorchFile> {
  const archive = await openTorchArchive(source, check);
  const described = readTorchPickle(await archive.pickle(), check);
  const { bigEndian, read } = archive;
  const tree = new TorchTree({ check, bigEndian, read, ...held });
  const dispose = (): void => tree.tensors.forEach((tensor) => tensor.dispose());
  try {
    const value = tree.value(described);
    for (const { storage } of tree.tensors.keys()) archive.checkStorage(storage);
    return { value, tensors: stateDictOf(value), all: [...tree.tensors.values()], dispose };
  } catch (error) {
    dispose();
    throw error;
  }
}

/**
 * Opens a checkpoint that `torch.save` wrote (1.6 or newer). The archive's directory and the pickle that describes the
 * values are read now, and checked whole; a tensor reads its own bytes when it is first realized. The pickle is read by a
 * list of allowed names: tensors, dicts, lists, numbers and text; whatever else it wants of Python is refused by name
 * (PT_PICKLE_REFUSED) and never run. Element types are held as `readSafetensors` holds them.
 * @throws PrismaError PT_* naming what is wrong; DTYPE_UNSUPPORTED, SOURCE_NOT_FOUND, SOURCE_TRUNCATED, NETWORK_FAILED, CANCELLED
 * @example
 * const checkpoint = await readTorch("packages/tensor/test/golden/torch/trainer.pth");
 * [...checkpoint.tensors.keys()]; // ["weight", "bias"]
 * checkpoint.tensors.get("weight")!.shape; // [3, 2]
 * (checkpoint.value as TorchDict).get("epoch"); // 4
 * checkpoint.dispose();
 */
export async function readTorch(
  input: ByteInput,
  options: ReadTorchOptions = {},
): Promise<TorchFile> {
  checkOptions("readTorch", options, [...TORCH_LIMITS, "signal", "device", "dtype"]);
  checkDevice("readTorch", options.device);
  const { dtype = "f32" } = options;
  assertFloatType("readTorch", dtype);
  const source = byteSource(input);
  const check = new TorchCheck(source.name, options);
  if (options.signal?.aborted) check.fail("CANCELLED", "reading was cancelled");
  return open(source, check, { device: options.device ?? currentDevice(), dtype });
}

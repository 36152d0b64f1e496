// The only Python names that a checkpoint may use, and what each stands for here; nothing of Python is run.
import { quoteName } from "../errors.ts";
import { FILE_DTYPE_BITS } from "./decode-dtype.ts";
import type { TorchCheck } from "./torch-limits.ts";
import { checkTensor, wholeNumber } from "./torch-tensor-check.ts";
import {
  PickleDict,
  PickleGlobal,
  PickleTuple,
  TorchStorage,
  TorchTensor,
  type PickleValue,
} from "./torch-values.ts";

/** Storage types by name, as types of safetensors. */
const STORAGES = new Map<string, string | null>([
  ["torch FloatStorage", "F32"],
  ["torch DoubleStorage", "F64"],
  ["torch HalfStorage", "F16"],
  ["torch BFloat16Storage", "BF16"],
  ["torch LongStorage", "I64"],
  ["torch IntStorage", "I32"],
  ["torch ShortStorage", "I16"],
  ["torch CharStorage", "I8"],
  ["torch ByteStorage", "U8"],
  ["torch BoolStorage", "BOOL"],
  ["torch ComplexFloatStorage", "C64"],
  ["torch.storage UntypedStorage", null],
]);

/** Element types by name, as types of safetensors. */
const DTYPES = new Map<string, string>([
  ["torch float32", "F32"],
  ["torch float64", "F64"],
  ["torch float16", "F16"],
  ["torch bfloat16", "BF16"],
  ["torch int64", "I64"],
  ["torch int32", "I32"],
  ["torch int16", "I16"],
  ["torch int8", "I8"],
  ["torch uint8", "U8"],
  ["torch uint16", "U16"],
  ["torch uint32", "U32"],
  ["torch uint64", "U64"],
  ["torch bool", "BOOL"],
  ["torch complex64", "C64"],
  ["torch float8_e5m2", "F8_E5M2"],
  ["torch float8_e4m3fn", "F8_E4M3"],
  ["torch float8_e8m0fnu", "F8_E8M0"],
]);

type Call = (check: TorchCheck, args: readonly PickleValue[]) => PickleValue | undefined;

/** A tensor of the first four arguments of PyTorch's `_rebuild_tensor` functions, of `dtype`. */
function rebuild(
  check: TorchCheck,
  args: readonly PickleValue[],
  dtype: string | null,
): PickleValue | undefined {
  const [storage, offset, shape, strides] = args;
  if (!(storage instanceof TorchStorage) || dtype === null) return undefined;
  if (!(shape instanceof PickleTuple) || !(strides instanceof PickleTuple)) return undefined;
  return checkTensor(
    check,
    new TorchTensor(
      storage,
      dtype,
      wholeNumber(check, offset),
      shape.items.map((size) => wholeNumber(check, size)),
      strides.items.map((stride) => wholeNumber(check, stride)),
    ),
  );
}

const noHooks = (hooks: PickleValue | undefined): boolean =>
  hooks instanceof PickleDict && hooks.size === 0;

/** What calling each allowed function gives, or undefined for arguments that PyTorch does not give it. */
const CALLS = new Map<string, Call>([
  ["collections OrderedDict", (_, args) => (args.length === 0 ? new PickleDict(true) : undefined)],
  [
    "torch Size",
    (_, [sizes, ...rest]) =>
      sizes instanceof PickleTuple && rest.length === 0 ? sizes : undefined,
  ],
  [
    "torch._utils _rebuild_tensor_v2",
    (check, args) => {
      const [storage, , , , grad, hooks, ...rest] = args;
      if (typeof grad !== "boolean" || !noHooks(hooks) || rest.length > 1) return undefined;
      return rebuild(check, args, storage instanceof TorchStorage ? storage.dtype : null);
    },
  ],
  [
    "torch._utils _rebuild_tensor_v3",
    (check, args) => {
      const [, , , , grad, hooks, dtype, ...rest] = args;
      if (typeof grad !== "boolean" || !noHooks(hooks) || rest.length > 1) return undefined;
      return rebuild(check, args, dtypeOf(dtype));
    },
  ],
  [
    "torch._utils _rebuild_parameter",
    (_, [data, grad, hooks, ...rest]) =>
      typeof grad === "boolean" &&
      noHooks(hooks) &&
      rest.length === 0 &&
      data instanceof TorchTensor
        ? data
        : undefined,
  ],
]);

function dtypeOf(value: PickleValue | undefined): string | null {
  return value instanceof PickleGlobal ? (DTYPES.get(value.name) ?? null) : null;
}

/** `torch float16` as Python writes it. */
const dotted = (name: string): string => name.replace(" ", ".");

/**
 * The name `name` of `module`.
 * @throws PrismaError PT_PICKLE_REFUSED for every name that is not in the lists above
 */
export function allowedGlobal(check: TorchCheck, module: string, name: string): PickleGlobal {
  const full = `${module} ${name}`;
  if (STORAGES.has(full) || DTYPES.has(full) || CALLS.has(full)) return new PickleGlobal(full);
  const shown = quoteName(`${module}.${name}`);
  return check.fail(
    "PT_PICKLE_REFUSED",
    `the checkpoint wants ${shown} of Python; only tensors and plain values are read. Save a state dict alone: torch.save(model.state_dict(), path)`,
    { name: `${module}.${name}` },
  );
}

/**
 * What calling `callee` with `args` gives.
 * @throws PrismaError PT_PICKLE_REFUSED for what is no allowed function, or other arguments than PyTorch gives it; PT_TENSOR_INVALID
 */
export function callAllowed(
  check: TorchCheck,
  callee: PickleValue,
  args: PickleValue,
): PickleValue {
  const call = callee instanceof PickleGlobal ? CALLS.get(callee.name) : undefined;
  if (!(callee instanceof PickleGlobal) || call === undefined)
    return check.fail(
      "PT_PICKLE_REFUSED",
      `the checkpoint calls ${callee instanceof PickleGlobal ? dotted(callee.name) : "a value"}, which is no function that may be called`,
    );
  const result = args instanceof PickleTuple ? call(check, args.items) : undefined;
  if (result !== undefined) return result;
  return check.fail(
    "PT_PICKLE_REFUSED",
    `the checkpoint calls ${dotted(callee.name)} with arguments that PyTorch does not give it`,
    { name: dotted(callee.name) },
  );
}

/**
 * The storage that a persistent id names: `("storage", type, key, location, count)`.
 * @throws PrismaError PT_STORAGE_INVALID
 */
export function storageOf(check: TorchCheck, id: PickleValue): TorchStorage {
  const [word, type, key, location, count, ...rest] = id instanceof PickleTuple ? id.items : [];
  const dtype = type instanceof PickleGlobal ? STORAGES.get(type.name) : undefined;
  const good =
    word === "storage" && typeof location === "string" && typeof count === "number" && !rest.length;
  if (!good || dtype === undefined || typeof key !== "string" || !/^\d{1,10}$/.test(key))
    return check.fail(
      "PT_STORAGE_INVALID",
      "the checkpoint names data in another way than torch.save does",
    );
  const storage = new TorchStorage(key, dtype, count);
  const bits = count * (dtype === null ? 8 : (FILE_DTYPE_BITS[dtype] ?? 8));
  if (count < 0 || !Number.isSafeInteger(bits))
    check.fail("PT_STORAGE_INVALID", `storage ${key} is said to have ${count} elements`, { key });
  return storage;
}

/** A dtype as text (`torch.float16`), or null for any other name. */
export function dtypeText(value: PickleGlobal): string | null {
  return DTYPES.has(value.name) ? dotted(value.name) : null;
}

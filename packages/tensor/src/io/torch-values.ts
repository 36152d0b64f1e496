// What the pickle of a PyTorch checkpoint can hold: plain values, and tensors that are described and not read.

/** A tuple. */
export class PickleTuple {
  constructor(readonly items: readonly PickleValue[]) {}
}

/** A dict, or an `OrderedDict`, which alone may be given attributes. */
export class PickleDict extends Map<string | number, PickleValue> {
  constructor(readonly ordered: boolean) {
    super();
  }
}

/** Something that Python code names: an allowed function, a storage type, or a dtype. */
export class PickleGlobal {
  constructor(readonly name: string) {}
}

/** Bytes of the archive: `count` elements of a file type, or bytes where that is null. */
export class TorchStorage {
  constructor(
    /** The file within the archive, below `data/`. */
    readonly key: string,
    readonly dtype: string | null,
    readonly count: number,
  ) {}
}

/** A view of a storage; offset and strides count elements. */
export class TorchTensor {
  constructor(
    readonly storage: TorchStorage,
    readonly dtype: string,
    readonly offset: number,
    readonly shape: readonly number[],
    readonly strides: readonly number[],
  ) {}
}

/** Anything on the stack of the reader. */
export type PickleValue =
  | null
  | boolean
  | number
  | bigint
  | string
  | PickleValue[]
  | PickleTuple
  | PickleDict
  | PickleGlobal
  | TorchStorage
  | TorchTensor;

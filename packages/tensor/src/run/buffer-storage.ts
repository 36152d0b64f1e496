// Storages: device buffers counted by the leaves that are views of them.
import type { DeviceBuffer, DevicePort } from "../device/device.ts";
import { BYTES_PER_WORD } from "../dtype.ts";
import { PrismaError } from "../errors.ts";
import type { Storage } from "../graph/node.ts";

/** A device buffer that goes back to its device with its last holder. Starts with one holder. */
export class BufferStorage implements Storage {
  #holders = 1;
  readonly #epoch: number;

  constructor(
    readonly port: DevicePort,
    readonly buffer: DeviceBuffer,
    readonly size: number,
  ) {
    this.#epoch = port.epoch;
  }

  /** A new storage for `size` words. */
  static allocate(port: DevicePort, size: number): BufferStorage {
    return new BufferStorage(port, port.allocate(size * BYTES_PER_WORD), size);
  }

  retain(): void {
    this.#holders++;
  }

  release(): void {
    this.#holders--;
    if (this.#holders === 0 && this.#epoch === this.port.epoch) this.port.release(this.buffer);
  }

  /**
   * The buffer, if it still exists.
   * @throws PrismaError DEVICE_LOST when its device was lost since
   */
  alive(): DeviceBuffer {
    if (this.#epoch !== this.port.epoch) {
      throw new PrismaError(
        "DEVICE_LOST",
        "this tensor was on a device that was lost; make it again from its source",
        {
          epoch: this.#epoch,
          now: this.port.epoch,
        },
      );
    }
    return this.buffer;
  }
}

/** The buffer storage behind a leaf's storage. */
export function bufferStorage(storage: Storage): BufferStorage {
  if (storage instanceof BufferStorage) return storage;
  throw new PrismaError("INTERNAL", "a leaf lies in a storage of unknown kind");
}

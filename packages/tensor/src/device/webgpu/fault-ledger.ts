// The ledger of faults: which buffers hold no values, because an allocation or a launch that they depend on failed.
import type { PrismaError } from "../../errors.ts";
import type { GpuBuffer } from "./buffer-pool.ts";

/** A launch: what it reads and what it writes. */
export interface LedgerEntry {
  readonly reads: readonly GpuBuffer[];
  readonly writes: readonly GpuBuffer[];
}

/**
 * A GPU says that something failed long after more was queued on top. Launches are remembered while answers are out, so
 * that a failure is followed to everything computed from it, and to nothing else.
 */
export class FaultLedger {
  readonly #faults = new WeakMap<GpuBuffer | GPUBuffer, PrismaError>();
  readonly #checks = new Set<Promise<void>>();
  #log: LedgerEntry[] = [];

  /** Why `buffer` holds no values, if so. */
  faultOf(buffer: GpuBuffer): PrismaError | undefined {
    return this.#faults.get(buffer) ?? this.#faults.get(buffer.gpu);
  }

  /** Whether `gpu` itself could not be allocated. */
  isUnusable(gpu: GPUBuffer): boolean {
    return this.#faults.has(gpu);
  }

  /** Notes a launch that was queued. */
  record(entry: LedgerEntry): void {
    if (this.#checks.size > 0) this.#log.push(entry);
    this.#spread(entry);
  }

  /** When `check` answers with an error, `holders` hold no values, nor does what was computed from them. */
  watch(check: Promise<PrismaError | null>, holders: readonly (GpuBuffer | GPUBuffer)[]): void {
    const watched = check.then(
      (error) => {
        if (error !== null) this.#fail(error, holders);
      },
      // A lost device does not answer; nothing of it is returned anyway.
      () => {},
    );
    this.#checks.add(watched);
    void watched.then(() => {
      this.#checks.delete(watched);
      if (this.#checks.size === 0) this.#log = [];
    });
  }

  /** Resolves when everything asked before has been answered. */
  async settled(): Promise<void> {
    await Promise.all(this.#checks);
  }

  #fail(error: PrismaError, holders: readonly (GpuBuffer | GPUBuffer)[]): void {
    for (const holder of holders) if (!this.#faults.has(holder)) this.#faults.set(holder, error);
    this.#log.forEach((entry) => this.#spread(entry));
  }

  #spread({ reads, writes }: LedgerEntry): void {
    const fault = this.faultAmong([...reads, ...writes]);
    if (fault === undefined) return;
    for (const buffer of writes)
      if (this.faultOf(buffer) === undefined) this.#faults.set(buffer, fault);
  }

  /** The first fault of `buffers`. */
  faultAmong(buffers: readonly GpuBuffer[]): PrismaError | undefined {
    for (const buffer of buffers) {
      const fault = this.faultOf(buffer);
      if (fault !== undefined) return fault;
    }
    return undefined;
  }
}

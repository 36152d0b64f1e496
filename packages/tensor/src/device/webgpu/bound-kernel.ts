// A kernel on its way to the queue: one dispatch where its buffers can be bound whole, else one for each window.
import type { BoundParts } from "../../codegen/wgsl/wgsl-program.ts";
import type { BufferId } from "../../graph/expr.ts";
import { cutKernel } from "./cut-kernel.ts";
import type { Kernel } from "../../schedule/kernel.ts";
import {
  windowLaunches,
  wordsOfPart,
  type BindingLimits,
  type BoundRange,
  type WindowLaunch,
} from "./binding-windows.ts";
import type { GpuBuffer } from "./buffer-pool.ts";
import type { BoundBuffer, Compiled, Dispatch } from "./webgpu-session.ts";

/** What compiles kernels. */
export type CompileKernel = (kernel: Kernel, parts?: BoundParts) => Compiled;

/** What is bound this time: the plan's buffers, its numbers, and labels for errors. */
export interface KernelBinding {
  readonly find: (id: BufferId) => GpuBuffer;
  readonly slots: readonly number[];
  readonly labels: readonly string[];
}

const WORD_BYTES = 4;

/** A launch of a window, ready but for its buffers. */
interface CompiledWindow {
  readonly compiled: Compiled;
  /** For each binding: a buffer of the plan, and the bytes of it. */
  readonly bindings: readonly {
    readonly buffer: BufferId;
    readonly offset: number;
    readonly size: number;
  }[];
}

/** A kernel compiled for one session. */
export class BoundKernel {
  readonly #whole: Compiled;
  /** The windows of the last run, which the next one most often needs again. */
  #windows: { readonly key: string; readonly list: readonly CompiledWindow[] } | null = null;

  constructor(
    readonly kernel: Kernel,
    readonly limits: BindingLimits,
    readonly compile: CompileKernel,
  ) {
    this.#whole = compile(kernel);
  }

  /**
   * What to dispatch.
   * @throws PrismaError SIZE_LIMIT where windows do not help
   */
  dispatches({ find, slots, labels }: KernelBinding): Dispatch[] {
    const { program } = this.#whole;
    if (program.workgroups === 0) return [];
    const buffers = program.buffers.map((id): BoundBuffer => ({ buffer: find(id) }));
    if (buffers.every(({ buffer }) => buffer.capacity <= this.limits.words * WORD_BYTES))
      return [{ compiled: this.#whole, buffers, labels }];
    return this.#cut(find, slots).map(({ compiled, bindings }) => ({
      compiled,
      labels,
      buffers: bindings.map(({ buffer, offset, size }) => ({ buffer: find(buffer), offset, size })),
    }));
  }

  #cut(find: KernelBinding["find"], slots: readonly number[]): readonly CompiledWindow[] {
    const wordsOf = (id: BufferId): number => Math.ceil(find(id).bytes / WORD_BYTES);
    const launches = windowLaunches(this.kernel, slots, wordsOf, this.limits);
    const key = JSON.stringify(launches);
    if (this.#windows?.key !== key)
      this.#windows = { key, list: launches.map((launch) => this.#compileWindow(launch)) };
    return this.#windows.list;
  }

  /** The kernel of a window, whose buffers are the ranges it binds. */
  #compileWindow({ window, ranges, rangeOf }: WindowLaunch): CompiledWindow {
    let next = 0;
    const kernel = cutKernel(this.kernel, window, () => {
      const buffer = rangeOf[next++] ?? -1;
      return { buffer, first: ranges[buffer]?.first ?? 0 };
    });
    const words = wordsOfPart(this.limits);
    const counts = new Map(ranges.map(({ parts }, id) => [id, parts]));
    const compiled = this.compile(kernel, { counts, words });
    const left = new Map(ranges.map((range, id) => [id, bindingsOf(range, words)]));
    return {
      compiled,
      bindings: compiled.program.buffers.flatMap((id) => left.get(id)?.shift() ?? []),
    };
  }
}

/** The bindings of a range, in order. */
function bindingsOf(
  { buffer, first, words, parts }: BoundRange,
  ofPart: number,
): CompiledWindow["bindings"][number][] {
  return Array.from({ length: parts }, (_, part) => ({
    buffer,
    offset: (first + part * ofPart) * WORD_BYTES,
    size: Math.min(ofPart, words - part * ofPart) * WORD_BYTES,
  }));
}

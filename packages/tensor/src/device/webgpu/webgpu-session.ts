// A session: one GPUDevice from its request to its loss, with its buffers, pipelines and queue.
import { renderShader } from "../../codegen/wgsl/index.ts";
import type { ParamWord } from "../../codegen/program.ts";
import type { BoundParts, WgslProgram, WgslTarget } from "../../codegen/wgsl/wgsl-program.ts";
import { PrismaError } from "../../errors.ts";
import { evaluateAffine } from "../../graph/affine.ts";
import type { Kernel } from "../../schedule/kernel.ts";
import { BufferPool, type GpuBuffer } from "./buffer-pool.ts";
import { captureErrors, reportedError, type Captured } from "./capture-errors.ts";
import { FaultLedger } from "./fault-ledger.ts";

/** A shader compiled for this session. */
export interface Compiled {
  readonly program: WgslProgram;
  readonly pipeline: GPUComputePipeline;
  readonly layout: GPUBindGroupLayout;
}

/** A buffer as it is bound: whole, or `size` bytes from `offset` on. */
export interface BoundBuffer {
  readonly buffer: GpuBuffer;
  readonly offset?: number;
  readonly size?: number;
}

/** One dispatch: a shader, its buffers in binding order, and its labels for errors. */
export interface Dispatch {
  readonly compiled: Compiled;
  readonly buffers: readonly BoundBuffer[];
  readonly labels: readonly string[];
}

const COMPUTE = 0x4; // GPUShaderStage.COMPUTE
const UNIFORM = 0x40 | 0x8; // UNIFORM | COPY_DST
const READ = 0x1 | 0x8; // MAP_READ | COPY_DST
const UNIFORM_ALIGNMENT = 256;
const WORD_BYTES = 4;
/** Operations of one submission, about 20 ms on a slow adapter: long ones freeze the screen and trip watchdogs. */
const SUBMISSION_COST = 2e8;
/** Longest a read may take before the device counts as lost, in milliseconds. */
const READ_LIMIT = 120_000;

const bits = new DataView(new ArrayBuffer(WORD_BYTES));

function paramWord(word: ParamWord, slots: readonly number[]): number {
  switch (word.kind) {
    case "u32":
      return word.value;
    case "affine":
      return evaluateAffine(word.value, slots) >>> 0;
    case "slot": {
      const value = slots[word.slot] ?? Number.NaN;
      if (word.dtype !== "f32") return value >>> 0;
      bits.setFloat32(0, value);
      return bits.getUint32(0);
    }
  }
}

/** The buffers a dispatch writes: its last ones. */
function outputsOf({ compiled: { program }, buffers }: Dispatch): readonly GpuBuffer[] {
  return buffers.slice(buffers.length - program.outputs).map(({ buffer }) => buffer);
}

function boundBy({ buffers }: Dispatch): readonly GpuBuffer[] {
  return buffers.map(({ buffer }) => buffer);
}

/** Everything that dies with a GPUDevice. */
export class WebGpuSession {
  readonly pool: BufferPool;
  readonly #pipelines = new Map<
    string,
    { readonly pipeline: GPUComputePipeline; readonly layout: GPUBindGroupLayout }
  >();
  /** What is known to be wrong with pipelines. */
  readonly #broken = new WeakMap<GPUComputePipeline, PrismaError>();
  readonly #faults = new FaultLedger();

  constructor(
    readonly gpu: GPUDevice,
    readonly epoch: number,
    readonly target: WgslTarget,
  ) {
    this.pool = new BufferPool(gpu, epoch, this.#faults);
  }

  /** @param parts buffers of `kernel` that are bound in parts */
  compile(kernel: Kernel, parts?: BoundParts): Compiled {
    const target = parts === undefined ? this.target : { ...this.target, parts };
    const program = renderShader(kernel, target);
    const known = this.#pipelines.get(program.key) ?? this.#build(program, kernel.labels);
    this.#pipelines.set(program.key, known);
    return { program, ...known };
  }

  #build(
    program: WgslProgram,
    labels: readonly string[],
  ): { readonly pipeline: GPUComputePipeline; readonly layout: GPUBindGroupLayout } {
    const reads = program.buffers.length - program.outputs;
    const storage = program.buffers.map((_, i): GPUBindGroupLayoutEntry => ({
      binding: i + 1,
      visibility: COMPUTE,
      buffer: { type: i < reads ? "read-only-storage" : "storage" },
    }));
    const { result, error } = captureErrors(this.gpu, () => {
      const layout = this.gpu.createBindGroupLayout({
        entries: [{ binding: 0, visibility: COMPUTE, buffer: { type: "uniform" } }, ...storage],
      });
      const module = this.gpu.createShaderModule({ code: program.code() });
      const pipeline = this.gpu.createComputePipeline({
        layout: this.gpu.createPipelineLayout({ bindGroupLayouts: [layout] }),
        compute: { module, entryPoint: "main" },
      });
      return { pipeline, layout };
    });
    void error.then((found) => {
      if (found !== null) this.#broken.set(result.pipeline, reportedError(found, labels));
    });
    return result;
  }

  /** Copies `data` to the start of `buffer`. */
  write(buffer: GpuBuffer, data: ArrayBufferView<ArrayBuffer>): void {
    const { error } = captureErrors(this.gpu, () =>
      this.gpu.queue.writeBuffer(buffer.gpu, 0, data.buffer, data.byteOffset, data.byteLength),
    );
    const check = error.then((found) => (found === null ? null : reportedError(found, [])));
    this.#faults.watch(check, [buffer]);
  }

  /** Queues dispatches, their parameters in one uniform buffer. */
  submit(dispatches: readonly Dispatch[], slots: readonly number[]): void {
    const offsets: number[] = [];
    let bytes = 0;
    for (const { compiled } of dispatches) {
      offsets.push(bytes);
      bytes +=
        Math.ceil((Math.max(4, compiled.program.params.length) * WORD_BYTES) / UNIFORM_ALIGNMENT) *
        UNIFORM_ALIGNMENT;
    }
    if (bytes === 0) return;
    const words = new Uint32Array(bytes / WORD_BYTES);
    dispatches.forEach(({ compiled }, i) =>
      words.set(
        compiled.program.params.map((word) => paramWord(word, slots)),
        (offsets[i] ?? 0) / WORD_BYTES,
      ),
    );
    const { error } = captureErrors(this.gpu, () => {
      const uniforms = this.gpu.createBuffer({ size: bytes, usage: UNIFORM });
      this.gpu.queue.writeBuffer(uniforms, 0, words);
      this.#encode(dispatches, uniforms, offsets);
      uniforms.destroy();
    });
    this.#watch(dispatches, error);
  }

  /** Where `error` tells of one, none of the dispatches' outputs hold values: a submission fails as a whole. */
  #watch(dispatches: readonly Dispatch[], error: Captured<void>["error"]): void {
    const writes = dispatches.flatMap(outputsOf);
    const reason = error.then((found) => {
      if (found === null) return null;
      const known =
        this.#faults.faultAmong(dispatches.flatMap(boundBy)) ??
        dispatches.map(({ compiled }) => this.#broken.get(compiled.pipeline)).find(Boolean);
      return (
        known ?? reportedError(found, [...new Set(dispatches.flatMap(({ labels }) => labels))])
      );
    });
    this.#faults.watch(reason, writes);
    for (const dispatch of dispatches)
      this.#faults.record({ reads: boundBy(dispatch), writes: outputsOf(dispatch) });
  }

  #encode(dispatches: readonly Dispatch[], uniforms: GPUBuffer, offsets: readonly number[]): void {
    let start = 0;
    while (start < dispatches.length) {
      const encoder = this.gpu.createCommandEncoder();
      const pass = encoder.beginComputePass();
      let cost = 0;
      let end = start;
      for (; end < dispatches.length && (end === start || cost < SUBMISSION_COST); end++) {
        const dispatch = dispatches[end];
        if (dispatch === undefined) break;
        cost += dispatch.compiled.program.cost;
        this.#dispatch(pass, dispatch, uniforms, offsets[end] ?? 0);
      }
      pass.end();
      this.gpu.queue.submit([encoder.finish()]);
      start = end;
    }
  }

  #dispatch(
    pass: GPUComputePassEncoder,
    { compiled, buffers }: Dispatch,
    uniforms: GPUBuffer,
    offset: number,
  ): void {
    const { program, pipeline, layout } = compiled;
    if (program.workgroups === 0) return;
    const size = Math.ceil(Math.max(4, program.params.length) / 4) * 16;
    const entries: GPUBindGroupEntry[] = [
      { binding: 0, resource: { buffer: uniforms, offset, size } },
    ];
    buffers.forEach(({ buffer, ...range }, i) =>
      entries.push({ binding: i + 1, resource: { buffer: buffer.gpu, ...range } }),
    );
    pass.setPipeline(pipeline);
    pass.setBindGroup(0, this.gpu.createBindGroup({ layout, entries }));
    const widest = this.gpu.limits.maxComputeWorkgroupsPerDimension;
    const rows = Math.ceil(program.workgroups / widest);
    pass.dispatchWorkgroups(rows === 1 ? program.workgroups : widest, rows);
  }

  /** A copy of bytes of a buffer, once everything queued before is done and known to have gone well. */
  async read(buffer: GpuBuffer, byteOffset: number, byteLength: number): Promise<ArrayBuffer> {
    const { result: staging, error } = captureErrors(this.gpu, () => {
      const target = this.gpu.createBuffer({ size: Math.max(WORD_BYTES, byteLength), usage: READ });
      const encoder = this.gpu.createCommandEncoder();
      encoder.copyBufferToBuffer(buffer.gpu, byteOffset, target, 0, byteLength);
      this.gpu.queue.submit([encoder.finish()]);
      return target;
    });
    try {
      await this.#limited(staging.mapAsync(1));
      await this.#assertSound(buffer, error);
      return staging.getMappedRange(0, byteLength).slice(0);
    } catch (cause) {
      if (cause instanceof PrismaError) throw cause;
      await this.#assertSound(buffer, error);
      throw new PrismaError(
        "DEVICE_LOST",
        "WebGPU: the result could not be read: the device was lost",
        { epoch: this.epoch },
        { cause },
      );
    } finally {
      staging.destroy();
    }
  }

  /** Throws the reason why `buffer` holds no values, or why it could not be copied. */
  async #assertSound(buffer: GpuBuffer, copy: Captured<unknown>["error"]): Promise<void> {
    await this.#faults.settled();
    const fault = this.#faults.faultOf(buffer);
    if (fault !== undefined) throw fault;
    const found = await copy;
    if (found !== null) throw reportedError(found, []);
  }

  async #limited(done: Promise<unknown>): Promise<void> {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const late = new Promise<never>((_, reject) => {
      timer = setTimeout(() => reject(new Error(`no answer within ${READ_LIMIT} ms`)), READ_LIMIT);
    });
    try {
      await Promise.race([done, late]);
    } finally {
      clearTimeout(timer);
    }
  }
}

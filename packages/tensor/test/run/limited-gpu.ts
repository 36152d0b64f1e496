// A GPUDevice that says it has other limits than it has, and notes what is bound to its shaders.
import { gpuEntry } from "#gpu-entry";

/** Whether this machine has an adapter, software or not. */
export const hasAdapter: boolean = ((await (await gpuEntry())?.requestAdapter()) ?? null) !== null;

/** Limits to claim. */
export type ClaimedLimits = Partial<Record<keyof GPUSupportedLimits, number>>;

/** What was bound so far. */
export interface BoundSoFar {
  /** Dispatches: each has a group of bindings of its own. */
  dispatches: number;
  /** Storage bindings that are not a whole buffer. */
  partial: number;
  /** Bytes of the largest storage binding. */
  largest: number;
}

/** What a graphics card would say of itself: its kernels differ from those for adapters that compute on the CPU. */
const CARD = { vendor: "test", architecture: "", device: "", description: "" };

/** A device that claims `limits`, and with `card` to be a graphics card; all its bindings are noted. */
export async function limitedGpu(
  limits: ClaimedLimits,
  { card = false } = {},
): Promise<{ readonly gpu: GPUDevice; readonly bound: BoundSoFar }> {
  const adapter = (await (await gpuEntry())!.requestAdapter())!;
  const { maxStorageBuffersPerShaderStage } = adapter.limits;
  const gpu = await adapter.requestDevice({ requiredLimits: { maxStorageBuffersPerShaderStage } });
  const bound: BoundSoFar = { dispatches: 0, partial: 0, largest: 0 };
  const note = ({ entries }: GPUBindGroupDescriptor): void => {
    bound.dispatches++;
    for (const { binding, resource } of entries) {
      if (binding === 0 || !("buffer" in resource)) continue;
      const { buffer, offset = 0, size = buffer.size - offset } = resource;
      if (size < buffer.size) bound.partial++;
      bound.largest = Math.max(bound.largest, size);
    }
  };
  const of = (target: object, name: string | symbol): unknown => {
    const value: unknown = Reflect.get(target, name, target);
    return typeof value === "function" ? value.bind(target) : value;
  };
  const shown = new Proxy(gpu.limits, {
    get: (target, name) => (name in limits ? Reflect.get(limits, name) : of(target, name)),
  });
  const double = new Proxy(gpu, {
    get(target, name) {
      if (name === "limits") return shown;
      if (name === "adapterInfo" && card) return CARD;
      if (name !== "createBindGroup") return of(target, name);
      return (descriptor: GPUBindGroupDescriptor) => {
        note(descriptor);
        return target.createBindGroup(descriptor);
      };
    },
  });
  return { gpu: double, bound };
}

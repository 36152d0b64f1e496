// Compilation: runs a function's graph again from its plan, without building the graph again.
import { PrismaError } from "../errors.ts";
import { Node, type Placement, type Storage } from "../graph/node.ts";
import { traceGraph } from "../schedule/trace.ts";
import { formatAffine } from "../graph/affine.ts";
import type { Device } from "./devices.ts";
import { execute } from "./execute.ts";
import type { Plan } from "./plan-cache.ts";
import { deviceOfNodes, realizeNodes, type RealizeOptions } from "./realize.ts";

/** Kept per compiled function; the one unused for longest goes first. */
const MAX_ENTRIES = 32;

/** Where buffer i of the plan comes from: an argument's storage, or one the function closed over. */
type Origin = { readonly argument: number } | { readonly storage: Storage };

interface Entry {
  readonly plan: Plan;
  readonly device: Device;
  readonly origins: readonly Origin[];
  readonly slots: readonly number[];
  readonly outputs: readonly Node[];
}

function placementOf(node: Node): Placement {
  if (node.placement === null)
    throw new PrismaError("DISPOSED", `${node.label}: an argument was disposed while it was used`);
  return node.placement;
}

/** Facts of an argument on which its plan depends. */
function argumentKey(node: Node, storages: Map<Storage, number>): string {
  const { storage, form } = placementOf(node);
  const alias = storages.get(storage) ?? storages.size;
  storages.set(storage, alias);
  return `${node.dtype}[${node.shape.join(",")}]${alias}@${formatAffine(form.offset)}/${form.strides.join(",")}/${storage.size}`;
}

function aliasOf(node: Node): Node {
  const alias = new Node({ kind: "leaf" }, [], node.shape, node.dtype, node.device, node.label);
  const { storage, form } = placementOf(node);
  storage.retain();
  alias.retain();
  alias.place({ storage, form });
  return alias;
}

function leafAt(like: Node, placement: Placement): Node {
  const node = new Node({ kind: "leaf" }, [], like.shape, like.dtype, like.device, like.label);
  node.place(placement);
  return node;
}

/** A function from nodes to nodes whose graph is built once per key. */
export class CompiledGraph {
  readonly #entries = new Map<string, Entry>();

  /** Entries held now. */
  get size(): number {
    return this.#entries.size;
  }

  /**
   * Runs `build` on `inputs`, from its plan when one of the same key ran before. `key` names everything static.
   * Results are realized leaves.
   */
  async run(
    key: string,
    inputs: readonly Node[],
    build: (inputs: readonly Node[]) => readonly Node[],
    options: RealizeOptions = {},
  ): Promise<Node[]> {
    inputs.forEach((node) => node.retain());
    try {
      await realizeNodes(inputs, options);
      const storages = new Map<Storage, number>();
      const device = deviceOfNodes(inputs);
      const full = [
        key,
        device.port.epoch,
        ...inputs.map((node) => argumentKey(node, storages)),
      ].join("|");
      const known = this.#touch(full, device);
      if (known !== null) return this.#replay(known, inputs, options.signal);
      return await this.#first(full, device, inputs, build, options);
    } finally {
      inputs.forEach((node) => node.release());
    }
  }

  #touch(key: string, device: Device): Entry | null {
    const entry = this.#entries.get(key);
    if (entry === undefined || entry.device !== device) return null;
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  async #first(
    key: string,
    device: Device,
    inputs: readonly Node[],
    build: (inputs: readonly Node[]) => readonly Node[],
    options: RealizeOptions,
  ): Promise<Node[]> {
    const aliases = inputs.map(aliasOf);
    const outputs = build(aliases);
    outputs.forEach((node) => node.retain());
    await realizeClosures(outputs, options);
    const trace = traceGraph(outputs);
    const argumentOf = new Map(inputs.map((node, i) => [placementOf(node).storage, i] as const));
    const origins = trace.storages.map((storage): Origin => {
      const argument = argumentOf.get(storage);
      if (argument !== undefined) return { argument };
      storage.retain();
      return { storage };
    });
    const entry = {
      plan: device.plans.find(trace, device.port.limits),
      device,
      origins,
      slots: trace.slots,
      outputs: outputs.map(describe),
    };
    // A function that closes over the very storage it is called with cannot tell the two apart on replay.
    const ambiguous = [...trace.leaves.keys()].some(
      (leaf) => !aliases.includes(leaf) && argumentOf.has(placementOf(leaf).storage),
    );
    outputs.forEach((node) => node.release());
    aliases.forEach((node) => node.release());
    const results = this.#replay(entry, inputs, options.signal);
    if (ambiguous) release(entry);
    else this.#keep(key, entry);
    return results;
  }

  #keep(key: string, entry: Entry): void {
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#drop(oldest);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    if (entry !== undefined) release(entry);
    this.#entries.delete(key);
  }

  #replay(entry: Entry, inputs: readonly Node[], signal: AbortSignal | undefined): Node[] {
    const storages = entry.origins.map((origin) => {
      if ("storage" in origin) return origin.storage;
      const input = inputs[origin.argument];
      if (input === undefined)
        throw new PrismaError("INTERNAL", "a compiled function lacks an argument");
      return placementOf(input).storage;
    });
    const placements = execute(entry.plan, entry.device.port, {
      storages,
      slots: entry.slots,
      signal,
    });
    return placements.map((placement, i) => leafAt(entry.outputs[i] ?? missing(), placement));
  }

  /** Lets go of everything the plans closed over. */
  dispose(): void {
    for (const key of this.#entries.keys()) this.#drop(key);
  }
}

function release(entry: Entry): void {
  for (const origin of entry.origins) if ("storage" in origin) origin.storage.release();
}

function missing(): never {
  throw new PrismaError("INTERNAL", "a compiled function gave more outputs than it was built with");
}

/** A node of the same shape and type that stands on nothing: what later results look like. */
function describe(node: Node): Node {
  return new Node({ kind: "leaf" }, [], node.shape, node.dtype, node.device, node.label);
}

/** Loads the leaves the function closed over. */
async function realizeClosures(outputs: readonly Node[], options: RealizeOptions): Promise<void> {
  const leaves = traceGraph(outputs).nodes.filter(
    (node) => node.op.kind === "leaf" && node.placement === null,
  );
  await realizeNodes(leaves, options);
}

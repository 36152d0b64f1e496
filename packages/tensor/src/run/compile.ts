// Compilation: runs a function's graph again from its plan, without building the graph again.
import { PrismaError } from "../errors.ts";
import { formatAffine } from "../graph/affine.ts";
import { Node, type Placement, type Storage } from "../graph/node.ts";
import { traceGraph, type Trace } from "../schedule/trace.ts";
import type { Device } from "./devices.ts";
import { execute } from "./execute.ts";
import type { Plan } from "./plan-cache.ts";
import { deviceOfNodes, realizeNodes } from "./realize.ts";

/** Kept per compiled function; the one unused for longest goes first. */
const MAX_ENTRIES = 32;

/** What a function made of its arguments' nodes: its outputs, each with one holder more, and its result from later values of them. */
export interface Traced<Result> {
  readonly outputs: readonly Node[];
  readonly rebuild: (outputs: readonly Node[]) => Result;
}

/** A leaf that is no argument, and where it lay when the plan was made. */
interface Closure {
  readonly node: Node;
  readonly storage: Storage;
  /** Made by the function itself: nobody but the entry holds it. */
  readonly owned: boolean;
}

/** Where buffer i of the plan comes from. */
type Origin = { readonly argument: number } | { readonly storage: Storage };

interface Entry<Result> {
  readonly plan: Plan;
  /** The device of the arguments, and the one that computes. */
  readonly home: Device;
  readonly device: Device;
  readonly epoch: number;
  readonly origins: readonly Origin[];
  readonly closures: readonly Closure[];
  readonly slots: readonly number[];
  readonly labels: readonly string[];
  readonly outputs: readonly Node[];
  readonly rebuild: Traced<Result>["rebuild"];
}

const registry = new FinalizationRegistry<Map<string, Entry<unknown>>>((entries) => {
  for (const entry of entries.values()) release(entry);
});

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

/** A node with the value of `node`, held, so that an argument can be told from the same tensor closed over. */
function aliasOf(node: Node): Node {
  const { storage, form } = placementOf(node);
  storage.retain();
  const alias = leafAt(node, { storage, form });
  alias.retain();
  return alias;
}

function leafAt(like: Node, placement: Placement): Node {
  const node = describe(like);
  node.place(placement);
  return node;
}

/** A leaf of the same shape and type that stands on nothing. */
function describe(node: Node): Node {
  return new Node({ kind: "leaf" }, [], node.shape, node.dtype, node.device, node.label);
}

/** A function from nodes to a result whose graph is built once per key. */
export class CompiledGraph<Result> {
  readonly #entries = new Map<string, Entry<Result>>();
  #disposed = false;

  constructor() {
    registry.register(this, this.#entries);
  }

  /**
   * Runs `build` on `inputs`, from its plan when one of the same key ran before. `key` names everything static.
   * The nodes given to `rebuild` are realized leaves.
   * @throws PrismaError DISPOSED
   */
  async run(
    key: string,
    inputs: readonly Node[],
    build: (inputs: readonly Node[]) => Traced<Result>,
  ): Promise<Result> {
    this.#assertUsable();
    inputs.forEach((node) => node.retain());
    try {
      await realizeNodes(inputs);
      const home = deviceOfNodes(inputs);
      if (home.debug) return await watched(inputs, build);
      const storages = new Map<Storage, number>();
      const full = [key, ...inputs.map((node) => argumentKey(node, storages))].join("|");
      const entry = this.#touch(full, home);
      return entry === null ? await this.#first(full, home, inputs, build) : replay(entry, inputs);
    } finally {
      inputs.forEach((node) => node.release());
    }
  }

  #assertUsable(): void {
    if (this.#disposed)
      throw new PrismaError("DISPOSED", "a compiled function was called after dispose()");
  }

  /** The entry of `key`, now the one used last; null, and dropped, where what it closed over is gone. */
  #touch(key: string, home: Device): Entry<Result> | null {
    const entry = this.#entries.get(key);
    if (entry === undefined) return null;
    if (entry.home !== home || !isAlive(entry)) {
      this.#drop(key);
      return null;
    }
    this.#entries.delete(key);
    this.#entries.set(key, entry);
    return entry;
  }

  async #first(
    key: string,
    home: Device,
    inputs: readonly Node[],
    build: (inputs: readonly Node[]) => Traced<Result>,
  ): Promise<Result> {
    const aliases = inputs.map(aliasOf);
    let outputs: readonly Node[] = [];
    try {
      const oldest = Node.nextId;
      const traced = build(aliases);
      outputs = traced.outputs;
      await realizeNodes(unloadedBelow(outputs));
      this.#assertUsable();
      const trace = traceGraph(outputs);
      const entry = entryOf(trace, traced, { home, inputs, oldest });
      const result = replay(entry, inputs);
      // A function that closes over the very storage it is called with cannot tell the two apart on replay.
      if (!closesOverArgument(trace, aliases)) this.#keep(key, entry);
      return result;
    } finally {
      outputs.forEach((node) => node.release());
      aliases.forEach((node) => node.release());
    }
  }

  #keep(key: string, entry: Entry<Result>): void {
    this.#drop(key);
    for (const { node, owned } of entry.closures) if (owned) node.retain();
    this.#entries.set(key, entry);
    const [oldest] = this.#entries.keys();
    if (this.#entries.size > MAX_ENTRIES && oldest !== undefined) this.#drop(oldest);
  }

  #drop(key: string): void {
    const entry = this.#entries.get(key);
    this.#entries.delete(key);
    if (entry !== undefined) release(entry);
  }

  /** Lets go of every plan and of what the function made for them; later calls throw DISPOSED. */
  dispose(): void {
    this.#disposed = true;
    for (const key of this.#entries.keys()) this.#drop(key);
  }
}

/** Builds the graph anew and runs it under the eyes of anomaly mode, which a replay has no graph to find anything in. */
async function watched<Result>(
  inputs: readonly Node[],
  build: (inputs: readonly Node[]) => Traced<Result>,
): Promise<Result> {
  const { outputs, rebuild } = build(inputs);
  try {
    await realizeNodes(outputs);
    return rebuild(outputs);
  } finally {
    outputs.forEach((node) => node.release());
  }
}

function release({ closures }: Entry<unknown>): void {
  for (const { node, owned } of closures) if (owned) node.release();
}

/** Whether everything the function closed over still lies where it lay. */
function isAlive({ device, epoch, closures }: Entry<unknown>): boolean {
  return (
    device.port.epoch === epoch &&
    closures.every(({ node, storage }) => node.placement?.storage === storage)
  );
}

/** Leaves below `outputs` whose values are not on a device yet. */
function unloadedBelow(outputs: readonly Node[]): Node[] {
  return traceGraph(outputs).nodes.filter(
    (node) => node.op.kind === "leaf" && node.placement === null,
  );
}

function closesOverArgument(trace: Trace, aliases: readonly Node[]): boolean {
  const storages = new Set(aliases.map((alias) => placementOf(alias).storage));
  return [...trace.leaves.keys()].some(
    (leaf) => !aliases.includes(leaf) && storages.has(placementOf(leaf).storage),
  );
}

/** What later calls need: `inputs` are the arguments, and nodes from number `oldest` on were made by the function. */
function entryOf<Result>(
  trace: Trace,
  { outputs, rebuild }: Traced<Result>,
  call: { readonly home: Device; readonly inputs: readonly Node[]; readonly oldest: number },
): Entry<Result> {
  const device = trace.nodes.length === 0 ? call.home : deviceOfNodes(trace.nodes);
  const argumentOf = new Map(call.inputs.map((node, i) => [placementOf(node).storage, i] as const));
  const closures = [...trace.leaves.keys()].flatMap((node): Closure[] => {
    const { storage } = placementOf(node);
    return argumentOf.has(storage) ? [] : [{ node, storage, owned: node.id >= call.oldest }];
  });
  return {
    plan: device.plans.find(trace, device.port.limits),
    home: call.home,
    device,
    epoch: device.port.epoch,
    origins: trace.storages.map((storage) => {
      const argument = argumentOf.get(storage);
      return argument === undefined ? { storage } : { argument };
    }),
    closures,
    slots: trace.slots,
    labels: trace.nodes.map((node) => node.label),
    outputs: outputs.map(describe),
    rebuild,
  };
}

function replay<Result>(entry: Entry<Result>, inputs: readonly Node[]): Result {
  const storages = entry.origins.map((origin) => {
    if ("storage" in origin) return origin.storage;
    const input = inputs[origin.argument];
    if (input === undefined)
      throw new PrismaError("INTERNAL", "a compiled function lacks an argument");
    return placementOf(input).storage;
  });
  const { plan, device, slots, labels } = entry;
  const placements = execute(plan, device.port, { storages, slots, labels });
  return entry.rebuild(
    placements.map((placement, i) => leafAt(entry.outputs[i] ?? missing(), placement)),
  );
}

function missing(): never {
  throw new PrismaError("INTERNAL", "a compiled function gave more outputs than it was built with");
}

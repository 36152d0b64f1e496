// ONNX Runtime Web on WebAssembly, given graphs that we write ourselves.
import { patchesOf, type Case, type VitSizes } from "../cases.ts";
import { randomValues, timed, type Engine, type Prepared } from "../engine.ts";
import {
  encodeOnnx,
  type OnnxAttribute,
  type OnnxGraph,
  type OnnxNode,
  type OnnxTensor,
} from "../onnx.ts";
import { loadOnnxRuntime } from "../peers.ts";

/** Collects the nodes and weights of a graph while it is written down. */
class GraphBuilder {
  readonly nodes: OnnxNode[] = [];
  readonly constants: OnnxTensor[] = [];
  #next = 0;

  add(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
    outputs = 1,
  ): string[] {
    const names = Array.from({ length: outputs }, () => `t${this.#next++}`);
    this.nodes.push({ op, inputs, outputs: names, attributes });
    return names;
  }

  one(
    op: string,
    inputs: readonly string[],
    attributes: Readonly<Record<string, OnnxAttribute>> = {},
  ): string {
    return this.add(op, inputs, attributes)[0] ?? "";
  }

  weight(...dims: number[]): string {
    const name = `w${this.#next++}`;
    const values = randomValues(
      dims.reduce((a, b) => a * b, 1),
      this.#next,
    );
    this.constants.push({ name, dims, data: values.map((value) => value * 0.02) });
    return name;
  }

  numbers(values: readonly number[]): string {
    const name = `i${this.#next++}`;
    this.constants.push({
      name,
      dims: [values.length],
      data: BigInt64Array.from(values.map(BigInt)),
    });
    return name;
  }

  reshape(x: string, dims: readonly number[]): string {
    return this.one("Reshape", [x, this.numbers(dims)]);
  }

  linear(x: string, inputs: number, outputs: number): string {
    return this.one("Add", [
      this.one("MatMul", [x, this.weight(inputs, outputs)]),
      this.weight(outputs),
    ]);
  }

  norm(x: string, width: number): string {
    return this.one("LayerNormalization", [x, this.weight(width), this.weight(width)], {
      axis: -1,
      epsilon: { float: 1e-6 },
    });
  }
}

function vitGraph(sizes: VitSizes): OnnxGraph {
  const { layers, heads, width, hidden, batch, classes } = sizes;
  const { patches, values } = patchesOf(sizes);
  const g = new GraphBuilder();
  const tokens = patches + 1;
  const input = { name: "x", dims: [batch, patches, values] };
  let x = g.one("Concat", [g.weight(batch, 1, width), g.linear("x", values, width)], { axis: 1 });
  x = g.one("Add", [x, g.weight(1, tokens, width)]);
  for (let layer = 0; layer < layers; layer++) {
    const qkv = g.reshape(g.linear(g.norm(x, width), width, 3 * width), [
      batch,
      tokens,
      3,
      heads,
      width / heads,
    ]);
    const parts = g.add(
      "Split",
      [g.one("Transpose", [qkv], { perm: [2, 0, 3, 1, 4] })],
      { axis: 0, num_outputs: 3 },
      3,
    );
    const [q = "", k = "", v = ""] = parts.map((part) => g.one("Squeeze", [part, g.numbers([0])]));
    const scores = g.one("MatMul", [q, g.one("Transpose", [k], { perm: [0, 1, 3, 2] })]);
    const scale = g.one("Mul", [scores, constant(g, Math.sqrt(heads / width))]);
    const z = g.one("MatMul", [g.one("Softmax", [scale], { axis: -1 }), v]);
    const joined = g.reshape(g.one("Transpose", [z], { perm: [0, 2, 1, 3] }), [
      batch,
      tokens,
      width,
    ]);
    x = g.one("Add", [x, g.linear(joined, width, width)]);
    x = g.one("Add", [
      x,
      g.linear(g.one("Gelu", [g.linear(g.norm(x, width), width, hidden)]), hidden, width),
    ]);
  }
  const cls = g.one("Gather", [g.norm(x, width), g.numbers([0])], { axis: 1 });
  const output = g.linear(g.reshape(cls, [batch, width]), width, classes);
  return { nodes: g.nodes, constants: g.constants, inputs: [input], outputs: [output] };
}

function constant(g: GraphBuilder, value: number): string {
  const name = `c${g.constants.length}`;
  g.constants.push({ name, dims: [], data: Float32Array.of(value) });
  return name;
}

function graphOf(workload: Case["workload"]): OnnxGraph | null {
  const g = new GraphBuilder();
  switch (workload.kind) {
    case "matmul": {
      const { batch, m, k, n, sharedRight } = workload;
      const inputs = [{ name: "a", dims: sharedRight ? [m, k] : [batch, m, k] }];
      // A shared right operand is a weight, as in a linear layer; attention multiplies two activations.
      if (!sharedRight) inputs.push({ name: "b", dims: [batch, k, n] });
      return {
        nodes: (g.one("MatMul", ["a", sharedRight ? g.weight(k, n) : "b"]), g.nodes),
        constants: g.constants,
        inputs,
        outputs: [g.nodes[0]?.outputs[0] ?? ""],
      };
    }
    case "softmax":
    case "gelu": {
      const output =
        workload.kind === "softmax" ? g.one("Softmax", ["x"], { axis: -1 }) : g.one("Gelu", ["x"]);
      return {
        nodes: g.nodes,
        constants: [],
        inputs: [{ name: "x", dims: workload.shape }],
        outputs: [output],
      };
    }
    case "layerNorm": {
      const output = g.norm("x", workload.shape[workload.shape.length - 1] ?? 1);
      return {
        nodes: g.nodes,
        constants: g.constants,
        inputs: [{ name: "x", dims: workload.shape }],
        outputs: [output],
      };
    }
    case "vit":
      return workload.cached ? null : vitGraph(workload.sizes);
  }
}

/** ONNX Runtime Web with one thread. */
export async function createOnnxRuntime(): Promise<Engine> {
  const ort = await loadOnnxRuntime();
  return {
    name: "ONNX Runtime Web WASM",
    version: ort.env.versions.web ?? "unknown",
    device: `wasm, ${ort.env.wasm.numThreads} thread`,
    async prepare(workload): Promise<Prepared | null> {
      const graph = graphOf(workload);
      if (graph === null) return null;
      const session = await ort.InferenceSession.create(encodeOnnx(graph), {
        executionProviders: ["wasm"],
      });
      const feeds = Object.fromEntries(
        graph.inputs.map(({ name, dims }, i) => [
          name,
          new ort.Tensor(
            "float32",
            randomValues(
              dims.reduce((a, b) => a * b, 1),
              i + 1,
            ),
            [...dims],
          ),
        ]),
      );
      const once = async (): Promise<void> => {
        await session.run(feeds);
      };
      return { run: () => timed(once), dispose: () => session.release() };
    },
    async close() {},
  };
}

// TensorFlow.js on its WebAssembly backend.
import { loadTensorFlow } from "../peers.ts";
import { patchesOf, type Case, type VitSizes } from "../cases.ts";
import { randomValues, timed, type Engine, type Prepared } from "../engine.ts";

type Tf = Awaited<ReturnType<typeof loadTensorFlow>>["tf"];
type Tensor = ReturnType<Tf["tensor"]>;

/** Erf-based GELU; TensorFlow.js has no op of that name. */
function gelu(tf: Tf, x: Tensor): Tensor {
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.erf(tf.mul(x, Math.SQRT1_2)), 1));
}

function layerNorm(tf: Tf, x: Tensor, scale: Tensor, shift: Tensor): Tensor {
  const { mean, variance } = tf.moments(x, -1, true);
  return tf.add(tf.mul(tf.mul(tf.sub(x, mean), tf.rsqrt(tf.add(variance, 1e-6))), scale), shift);
}

class VitWeights {
  #seed = 0;
  constructor(readonly tf: Tf) {}
  make(...shape: number[]): Tensor {
    const size = shape.reduce((a, b) => a * b, 1);
    return this.tf.mul(this.tf.tensor(randomValues(size, this.#seed++), shape), 0.02);
  }
}

/** A forward function of a ViT whose weights are made now. */
function buildVit(tf: Tf, sizes: VitSizes): () => Tensor {
  const { layers, heads, width, hidden, batch, classes } = sizes;
  const { patches: count, values } = patchesOf(sizes);
  const length = count + 1;
  const w = new VitWeights(tf);
  const dense = (inputs: number, outputs: number) => ({
    w: w.make(inputs, outputs),
    b: w.make(outputs),
  });
  const norm = () => ({ w: w.make(width), b: w.make(width) });
  const patches = w.make(batch * count, values);
  const embed = dense(values, width);
  const cls = w.make(batch, 1, width);
  const positions = w.make(1, length, width);
  const blocks = Array.from({ length: layers }, () => ({
    n1: norm(),
    qkv: dense(width, 3 * width),
    out: dense(width, width),
    n2: norm(),
    fc1: dense(width, hidden),
    fc2: dense(hidden, width),
  }));
  const last = norm();
  const head = dense(width, classes);
  const linear = (x: Tensor, { w: weight, b }: { w: Tensor; b: Tensor }): Tensor =>
    tf.add(tf.matMul(x as never, weight as never), b);
  const rows = batch * length;
  return () =>
    tf.tidy(() => {
      const tokens = tf.concat([cls, tf.reshape(linear(patches, embed), [batch, count, width])], 1);
      let x = tf.reshape(tf.add(tokens, positions), [rows, width]) as Tensor;
      for (const block of blocks) {
        const qkv = tf.reshape(linear(layerNorm(tf, x, block.n1.w, block.n1.b), block.qkv), [
          batch,
          length,
          3,
          heads,
          width / heads,
        ]);
        const [q, k, v] = tf.unstack(tf.transpose(qkv, [2, 0, 3, 1, 4]) as never) as [
          Tensor,
          Tensor,
          Tensor,
        ];
        const scores = tf.mul(
          tf.matMul(q as never, k as never, false, true),
          Math.sqrt(heads / width),
        );
        const z = tf.matMul(tf.softmax(scores) as never, v as never) as Tensor;
        const joined = tf.reshape(tf.transpose(z, [0, 2, 1, 3]), [rows, width]) as Tensor;
        x = tf.add(x, linear(joined, block.out));
        x = tf.add(
          x,
          linear(gelu(tf, linear(layerNorm(tf, x, block.n2.w, block.n2.b), block.fc1)), block.fc2),
        );
      }
      const final = tf.reshape(layerNorm(tf, x, last.w, last.b), [batch, length, width]);
      return linear(
        tf.reshape(tf.slice(final, [0, 0, 0], [batch, 1, width]), [batch, width]) as Tensor,
        head,
      );
    });
}

function build(tf: Tf, workload: Case["workload"]): (() => Tensor) | null {
  const input = (seed: number, shape: readonly number[]): Tensor =>
    tf.tensor(
      randomValues(
        shape.reduce((a, b) => a * b, 1),
        seed,
      ),
      [...shape],
    );
  switch (workload.kind) {
    case "matmul": {
      const { batch, m, k, n, sharedRight } = workload;
      const a = input(1, sharedRight ? [m, k] : [batch, m, k]);
      const b = input(2, sharedRight ? [k, n] : [batch, k, n]);
      return () => tf.matMul(a as never, b as never);
    }
    case "softmax": {
      const x = input(1, workload.shape);
      return () => tf.softmax(x);
    }
    case "layerNorm": {
      const [x, w, b] = [
        input(1, workload.shape),
        input(2, workload.shape.slice(-1)),
        input(3, workload.shape.slice(-1)),
      ];
      return () => tf.tidy(() => layerNorm(tf, x, w, b));
    }
    case "gelu": {
      const x = input(1, workload.shape);
      return () => tf.tidy(() => gelu(tf, x));
    }
    case "vit":
      return workload.cached ? null : buildVit(tf, workload.sizes);
  }
}

/** TensorFlow.js with one thread. */
export async function createTensorFlow(): Promise<Engine> {
  const { tf, threads } = await loadTensorFlow();
  return {
    name: "TensorFlow.js WASM",
    version: tf.version_core,
    device: `${tf.getBackend()}, ${threads} thread`,
    async prepare(workload): Promise<Prepared | null> {
      // Inputs and weights belong to a scope that lasts until the workload is disposed.
      tf.engine().startScope();
      const compute = build(tf, workload);
      if (compute === null) {
        tf.engine().endScope();
        return null;
      }
      const once = async (): Promise<void> => {
        const result = compute();
        await result.data();
        result.dispose();
      };
      return { run: () => timed(once), dispose: async () => tf.engine().endScope() };
    },
    async close() {},
  };
}

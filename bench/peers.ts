// The libraries that the benchmarks compare with, loaded in Node with one thread each.
import { createRequire } from "node:module";
import { dirname } from "node:path";
import { pathToFileURL } from "node:url";

const require = createRequire(import.meta.url);

/** TensorFlow.js on its WebAssembly backend, ready to compute, and the threads that it really has. */
export async function loadTensorFlow(): Promise<{
  readonly tf: typeof import("@tensorflow/tfjs-core");
  readonly threads: number;
}> {
  const tf = await import("@tensorflow/tfjs-core");
  const backend = await import("@tensorflow/tfjs-backend-wasm");
  const folder = dirname(require.resolve("@tensorflow/tfjs-backend-wasm"));
  backend.setWasmPaths(`${folder}/`);
  backend.setThreadsCount(1);
  if (!(await tf.setBackend("wasm"))) throw new Error("TensorFlow.js could not start its backend");
  await tf.ready();
  return { tf, threads: backend.getThreadsCount() };
}

/** ONNX Runtime Web on WebAssembly. */
export async function loadOnnxRuntime(): Promise<typeof import("onnxruntime-web")> {
  const ort = await import("onnxruntime-web");
  const folder = dirname(require.resolve("onnxruntime-web"));
  ort.env.wasm.wasmPaths = `${pathToFileURL(folder).href}/`;
  ort.env.wasm.numThreads = 1;
  return ort;
}

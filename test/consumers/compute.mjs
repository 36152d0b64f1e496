// A user's script: a product, a gradient and a file with nothing but the tensor library, as JSON.
import { grad, init, readSafetensors, tensor, writeSafetensors } from "@prisma/tensor";

await init({ device: "wasm" });
const a = tensor([
  [1, 2],
  [3, 4],
]);
const product = await a.matmul(a).array();
const slope = await grad((x) => x.mul(x).sum())(a).array();
const file = await writeSafetensors(new Map([["a", a]]));
const { tensors } = await readSafetensors(file);
console.log(JSON.stringify({ product, slope, read: await tensors.get("a").array() }));

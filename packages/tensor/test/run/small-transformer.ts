// A small transformer in tensor operations alone: its values, and its loss with the gradient, for tests of faults.
import { scope, uniform, valueAndGrad, type Device, type Tensor } from "@prisma/tensor";

// So much that the memory must grow.
const [TOKENS, WIDTH, LAYERS] = [197, 192, 2];

/** Makes results on a device; whoever calls owns them. */
export type Computation = (device: Device) => readonly Tensor[];

function parameter(device: Device, seed: number): Tensor {
  return uniform([WIDTH, WIDTH], { seed, device }).sub(0.5).mul(0.3);
}

function block(x: Tensor, query: Tensor, mlp: Tensor): Tensor {
  const normal = x.layerNorm();
  const q = normal.matmul(query);
  const mixed = x.add(q.matmul(normal.transpose()).mul(0.1).softmax().matmul(q));
  return mixed.add(mixed.layerNorm().matmul(mlp).gelu());
}

function transform(device: Device, first: Tensor): Tensor {
  let x = uniform([TOKENS, WIDTH], { seed: 1, device });
  for (let layer = 0; layer < LAYERS; layer++)
    x = block(x, layer === 0 ? first : parameter(device, 2 + layer), parameter(device, 9 + layer));
  return x.layerNorm();
}

/** What comes out of the last layer, and something that does not depend on it. */
export const forward: Computation = (device) =>
  scope(() => [transform(device, parameter(device, 2)), parameter(device, 77).softmax()]);

/** A loss and its gradient in the first layer's weights. */
export const backward: Computation = (device) =>
  scope(() => {
    const loss = (first: Tensor): Tensor => transform(device, first).square().mul(0.5).exp().mean();
    const { value, gradient } = valueAndGrad(loss)(parameter(device, 2));
    return [value, gradient];
  });

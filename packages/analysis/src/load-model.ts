// Any model by its own configuration file. The one file of this package that knows model packages.
import { loadViT, type LoadViTOptions, type ViT, type ViTSource } from "@prisma/vit";

/**
 * Loads the model at `source`: a folder by path (Node) or URL, or `{ config, weights }` in memory. Vision transformers for now.
 * @throws PrismaError as `loadViT`
 * @example
 * const model = await loadModel("models/garment-scenes-vit");
 */
export function loadModel(source: ViTSource, options: LoadViTOptions = {}): Promise<ViT> {
  return loadViT(source, options);
}

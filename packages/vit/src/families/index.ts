// Every checkpoint layout that is read.
import { invalidConfig } from "../check-config.ts";
import type { Family, ModelDescription } from "./family.ts";
import { hfClipVision } from "./hf-clip-vision.ts";
import { hfDinov2 } from "./hf-dinov2.ts";
import { hfSiglipVision } from "./hf-siglip-vision.ts";
import { hfViT } from "./hf-vit.ts";
import { openClipVision } from "./open-clip-vision.ts";
import { prismaHookedViT } from "./prisma-hooked-vit.ts";
import { prismaLegacy } from "./prisma-legacy.ts";
import { prisma } from "./prisma.ts";
import { timm } from "./timm.ts";

/** All of them, in the order in which they are tried. */
export const FAMILIES: readonly Family[] = [
  timm,
  hfViT,
  hfDinov2,
  hfClipVision,
  hfSiglipVision,
  openClipVision,
  prisma,
  prismaHookedViT,
  prismaLegacy,
];

/**
 * The layout of the model that `description` describes.
 * @throws PrismaError CONFIG_INVALID when it is none of them
 */
export function findFamily(description: ModelDescription): Family {
  const family = FAMILIES.find((one) => one.recognizes(description));
  if (family !== undefined) return family;
  const { config } = description;
  const known = FAMILIES.map((one) => one.name).join("; ");
  if ("model_type" in config)
    throw invalidConfig("model_type", config["model_type"], `a layout of ${known}`);
  throw invalidConfig("the file", Object.keys(config), `a layout of ${known}`);
}

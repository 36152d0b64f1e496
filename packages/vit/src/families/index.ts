// Every checkpoint layout that is read.
import { invalidConfig } from "../check-config.ts";
import type { Family, ModelDescription } from "./family.ts";
import { prismaHookedViT } from "./prisma-hooked-vit.ts";
import { prismaLegacy } from "./prisma-legacy.ts";
import { prisma } from "./prisma.ts";
import { timm } from "./timm.ts";

const FAMILIES: readonly Family[] = [timm, prisma, prismaHookedViT, prismaLegacy];

/**
 * The layout of the model that `description` describes.
 * @throws PrismaError CONFIG_INVALID when it is none of them
 */
export function findFamily(description: ModelDescription): Family {
  const family = FAMILIES.find((one) => one.recognizes(description));
  if (family !== undefined) return family;
  throw invalidConfig(
    "the file",
    Object.keys(description.config),
    `a layout of ${FAMILIES.map((one) => one.name).join(" or ")}`,
  );
}

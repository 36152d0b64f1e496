// Every checkpoint layout that is read.
import { invalidConfig } from "../check-config.ts";
import type { ConfigFile, Family } from "./family.ts";
import { prisma } from "./prisma.ts";
import { timm } from "./timm.ts";

const FAMILIES: readonly Family[] = [timm, prisma];

/**
 * The layout that a configuration file belongs to.
 * @throws PrismaError CONFIG_INVALID when it is none of them
 */
export function findFamily(file: ConfigFile): Family {
  const family = FAMILIES.find((one) => one.recognizes(file));
  if (family !== undefined) return family;
  throw invalidConfig(
    "the file",
    Object.keys(file),
    `a layout of ${FAMILIES.map((one) => one.name).join(" or ")}`,
  );
}

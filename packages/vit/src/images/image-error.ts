// Errors about pictures: what was read, what is wrong with it.
import { PrismaError } from "@prisma/tensor";

/** The error for a picture whose bytes are not what they should be. */
export function invalidImage(
  problem: string,
  details: Readonly<Record<string, unknown>> = {},
): PrismaError {
  return new PrismaError("IMAGE_INVALID", `image: ${problem}`, details);
}

/** The error for a picture of a kind that is not read. */
export function unsupportedImage(
  problem: string,
  details: Readonly<Record<string, unknown>> = {},
): PrismaError {
  return new PrismaError("IMAGE_UNSUPPORTED", `image: ${problem}`, details);
}

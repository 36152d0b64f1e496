// Reads the numbers of the demo's page, and what they should be.
import type { Page } from "playwright";
import { expect } from "vitest";
import { composeScene } from "../src/compose-scene.ts";
import type { Side } from "../src/compose-scene.ts";
import { referenceForward } from "./fixtures/reference-vit.ts";
import type { Reading } from "./fixtures/reference-vit.ts";
import { readGreyPng, shippedConfig, shippedTensors } from "./fixtures/shipped-model.ts";

const config = shippedConfig();
const weights = shippedTensors("model.safetensors");

/** Waits until the figures stand and nothing is being computed. */
export async function settled(page: Page): Promise<void> {
  await page.locator(".prisma-attention-map").waitFor({ timeout: 30_000 });
  await expect.poll(() => page.locator('[data-busy="true"]').count()).toBe(0);
}

/** The line that says what computes and why. */
export function deviceLine(page: Page): Promise<string> {
  return page.locator(".device-line [role=status]").innerText();
}

/** The first sentences of the page. */
export function finding(page: Page): Promise<string> {
  return page.locator(".finding p").innerText();
}

/** The logits on the page in full, in the order of its rows. */
export function logitsOn(page: Page): Promise<number[]> {
  return page
    .locator(".answer .prisma-bars tbody .prisma-quiet")
    .evaluateAll((cells) => cells.map((cell) => Number(cell.getAttribute("title"))));
}

/** The row of attention on the large map, in shares of one, in token order. */
export function rowOn(page: Page): Promise<number[]> {
  return page
    .locator(".prisma-attention-map .prisma-cell")
    .evaluateAll((cells) =>
      cells.map((cell) => Number.parseFloat(cell.getAttribute("title")!.split(": ").at(-1)!) / 100),
    );
}

/** The largest difference between two lists; infinite when their lengths differ. */
export function farthest(found: readonly number[], expected: ArrayLike<number>): number {
  if (found.length !== expected.length) return Infinity;
  return Math.max(...found.map((value, at) => Math.abs(value - expected[at]!)));
}

/** What the tests' own forward pass makes of two shipped garments. */
export function reference(left: number, right: number, brighter: Side): Reading {
  const garment = (index: number) => readGreyPng(`garments/${String(index).padStart(3, "0")}.png`);
  return referenceForward(
    weights,
    config,
    composeScene(garment(left), garment(right), brighter).data,
  );
}

/** One row of the reference's pattern. */
export function referenceRow(
  { pattern, shape }: Reading,
  map: number,
  query: number,
): Float64Array {
  const tokens = shape[3];
  const at = (map * tokens + query) * tokens;
  return pattern.subarray(at, at + tokens);
}

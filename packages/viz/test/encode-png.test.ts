// The PNG writer against Node's own zlib, which shares no code with it.
import { crc32, inflateSync } from "node:zlib";
import { expect, test } from "vitest";
import { encodePng, pngDataUrl } from "../src/encode-png.ts";

/** The chunks of a PNG by type, their checksums checked. */
function chunks(png: Uint8Array): Map<string, Buffer> {
  const file = Buffer.from(png);
  expect(file.subarray(0, 8).toString("latin1")).toBe("\x89PNG\r\n\x1a\n");
  const found = new Map<string, Buffer>();
  for (let at = 8; at < file.length;) {
    const size = file.readUInt32BE(at);
    const named = file.subarray(at + 4, at + 8 + size);
    expect(file.readUInt32BE(at + 8 + size)).toBe(crc32(named));
    found.set(named.subarray(0, 4).toString("latin1"), named.subarray(4));
    at += 12 + size;
  }
  return found;
}

test.for([
  [1, 1, 1],
  [5, 3, 1],
  [4, 2, 3],
  [300, 301, 1], // more than one stored block of 65,535 bytes
] as const)("%i x %i with %i channels reads back", ([width, height, channels]) => {
  const samples = Uint8Array.from(
    { length: width * height * channels },
    (_, at) => (at * 37) & 255,
  );
  const found = chunks(encodePng(samples, width, height, channels));
  expect([...found.keys()]).toEqual(["IHDR", "IDAT", "IEND"]);
  const header = found.get("IHDR")!;
  expect([header.readUInt32BE(0), header.readUInt32BE(4), header[8], header[9]]).toEqual([
    width,
    height,
    8,
    channels === 1 ? 0 : 2,
  ]);
  const rows = inflateSync(found.get("IDAT")!);
  const stride = width * channels;
  expect(rows.length).toBe(height * (stride + 1));
  for (let row = 0; row < height; row++) {
    expect(rows[row * (stride + 1)]).toBe(0);
    const line = rows.subarray(row * (stride + 1) + 1, (row + 1) * (stride + 1));
    expect(Buffer.compare(line, samples.subarray(row * stride, (row + 1) * stride))).toBe(0);
  }
});

test("a data URL holds the bytes", () => {
  const png = encodePng(Uint8Array.of(7), 1, 1, 1);
  const [, base64 = ""] = pngDataUrl(png).split(",");
  expect(Uint8Array.from(Buffer.from(base64, "base64"))).toEqual(png);
});

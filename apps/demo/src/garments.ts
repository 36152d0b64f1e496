// The shipped garments: their list, the addresses of their pictures, and the pixels of one.
import type { GreyPicture } from "./compose-scene.ts";

/** One garment by file name and class. */
export interface Garment {
  readonly file: string;
  readonly label: number;
}

/** All shipped garments, and how to see and read them. */
export interface Wardrobe {
  readonly garments: readonly Garment[];
  /** Address of a garment's picture. */
  url(index: number): string;
  /** A garment's pixels; read once. */
  pixels(index: number): Promise<GreyPicture>;
}

/** Loads the list of garments from a folder that holds `garments.json`. */
export async function loadWardrobe(folder: URL): Promise<Wardrobe> {
  const response = await request(new URL("garments.json", folder));
  const garments = (await response.json()) as Garment[];
  const urls = garments.map(({ file }) => new URL(file, folder).href);
  const read = new Map<number, Promise<GreyPicture>>();
  const url = (index: number): string => {
    const found = urls[index];
    if (found === undefined) throw new RangeError(`garment ${index} is not one of ${urls.length}`);
    return found;
  };
  return {
    garments,
    url,
    pixels(index) {
      const known = read.get(index);
      if (known !== undefined) return known;
      const pixels = readGrey(url(index));
      read.set(index, pixels);
      // A failed read is tried again next time.
      pixels.catch(() => read.delete(index));
      return pixels;
    },
  };
}

async function readGrey(url: string): Promise<GreyPicture> {
  const response = await request(new URL(url));
  const bitmap = await createImageBitmap(await response.blob(), {
    colorSpaceConversion: "none",
    premultiplyAlpha: "none",
  });
  const { width, height } = bitmap;
  const context = new OffscreenCanvas(width, height).getContext("2d", { willReadFrequently: true });
  if (context === null) throw new Error("this browser offers no 2D canvas to read pictures with");
  context.drawImage(bitmap, 0, 0);
  bitmap.close();
  const rgba = context.getImageData(0, 0, width, height).data;
  return {
    data: Uint8Array.from({ length: width * height }, (_, at) => rgba[4 * at] ?? 0),
    width,
    height,
  };
}

async function request(url: URL): Promise<Response> {
  const name = url.pathname.split("/").at(-1) ?? "";
  const response = await fetch(url).catch((cause: unknown) => {
    throw new Error(
      `${name} could not be loaded; is the server that serves this page still running?`,
      { cause },
    );
  });
  if (response.ok) return response;
  throw new Error(`${name} could not be loaded: the server answered ${response.status}`);
}

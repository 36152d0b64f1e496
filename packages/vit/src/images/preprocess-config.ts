// How a checkpoint wants its pictures, as data.
import type { Interpolation } from "./resample-filter.ts";

/** Libraries whose pictures are reproduced: they round, resample and treat transparency each in its own way. */
export type PreprocessLibrary = "timm" | "transformers" | "open_clip";

/** How a checkpoint wants its pictures: color, size, crop and scale. */
export interface PreprocessConfig {
  /** 1 for grey, 3 for RGB. */
  readonly channels: number;
  /** Rows and columns the model reads. */
  readonly size: readonly [rows: number, columns: number];
  /** Rows and columns that the picture is resized to, or by, before the crop. */
  readonly resizeTo: readonly [rows: number, columns: number];
  /**
   * `cover`: keep the aspect ratio and cover `resizeTo`; `contain`: keep it and stay within; `stretch`: take exactly that
   * size; `none`: stay as it is. What is then larger than `size` is cropped around the center, what is smaller is padded.
   */
  readonly fit: "cover" | "contain" | "stretch" | "none";
  readonly interpolation: Interpolation;
  /** Per channel, taken from the rescaled values. */
  readonly mean: readonly number[];
  /** Per channel, divided by after the mean is taken off. */
  readonly std: readonly number[];
  /**
   * Whose pipeline is followed to the bit; default `timm`.
   * - `timm`: the colors a model reads, then resized as Pillow does, cropped at halves rounded to even.
   * - `open_clip`: the same, but colors are converted after resizing, so that palettes are resized to the nearest pixel
   *   and translucent pictures with their colors multiplied by opacity.
   * - `transformers`: resized as torchvision does with tensors of bytes, cropped at halves rounded down.
   */
  readonly library?: PreprocessLibrary;
  /** Transparency: `drop` (default) takes the colors as stored, `white` lays them on white. */
  readonly alpha?: "drop" | "white";
  /** What bytes are multiplied by before `mean` and `std`; default 1/255. */
  readonly rescale?: number;
  /** Bytes per channel of what is padded; default 0. */
  readonly fill?: readonly number[];
}

// The convention all figures share: an element to place once and an update that redraws it in place.
import { VizError } from "./viz-error.ts";

/**
 * A drawn figure. Place `element` once; `update` redraws it without creating new elements as long as
 * the sizes stay the same. A throwing `update` leaves the figure as it was.
 */
export interface Figure<Data> {
  readonly element: HTMLElement;
  update(data: Data): void;
}

/** Options of every figure. `document`: the DOM to build in; a page's own by default. */
export interface FigureOptions {
  readonly document?: Document;
}

/**
 * The document to build in.
 * @throws VizError VIZ_DOCUMENT outside a page when none was passed.
 */
export function figureDocument(options: FigureOptions): Document {
  const found = options.document ?? (globalThis as { document?: Document }).document;
  if (found !== undefined) return found;
  throw new VizError("VIZ_DOCUMENT", "no document here; pass { document } from a DOM library");
}

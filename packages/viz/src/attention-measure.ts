// What the numbers of an attention figure are: shares, shares times lengths, or logits; how they look, and what they say.
import { attentionScale, scaleColor, scaleInk } from "./color-scale.ts";
import type { ColorScale } from "./color-scale.ts";
import { createElement } from "./create-element.ts";
import { signedColor, STRONG_SHARE } from "./diverging.ts";
import { formatNumber, formatPercent } from "./format-value.ts";
import { colorBar } from "./marks/color-bar.ts";
import { signedBar } from "./marks/signed-bar.ts";
import { VizError } from "./viz-error.ts";

/**
 * What a number from query to key is. `pattern`: a share of attention, 0 to 1. `value-weighted`: that share times the
 * length of what is written, 0 to `max`. `contribution`: logits that it adds to a class difference, `-max` to `max`.
 * A `max` over all heads lets them be compared.
 */
export type AttentionMeasure =
  | { readonly kind: "pattern" }
  | { readonly kind: "value-weighted"; readonly max: number }
  | {
      readonly kind: "contribution";
      readonly max: number;
      /** What is added to, such as `Coat rather than Sneaker`. */
      readonly target: string;
    };

/** How numbers of a measure are drawn and told. */
export interface AttentionLook {
  /** @throws VizError VIZ_VALUE for a value outside of the scale */
  readonly color: (value: number) => string;
  /** Colour of letters on it, and whether they are dark or need no shadow. */
  readonly ink: (value: number) => { readonly color: string; readonly plain: boolean };
  /** In a cell; empty where it would only be noise. */
  readonly short: (value: number) => string;
  readonly long: (value: number) => string;
  /** With more digits than are drawn. */
  readonly full: (value: number) => string;
  /** What a query does most, such as `looks most at`. */
  readonly verb: string;
  /** What is told of a key, such as `receives`. */
  readonly received: string;
  readonly bar: (document: Document) => HTMLElement;
}

/** Numbers below this share of the scale's end are not written into cells. */
const NOISE = 0.05;

const lengthScale = (max: number): ColorScale => ({ domain: [0, max], spacing: "linear" });

function sequential(scale: ColorScale, texts: Omit<AttentionLook, "color" | "ink">): AttentionLook {
  return {
    ...texts,
    color: (value) => scaleColor(scale, value),
    ink: (value) => {
      const color = scaleInk(scale, value);
      return { color, plain: color === "#000000" };
    },
  };
}

function patternLook(): AttentionLook {
  return sequential(attentionScale, {
    short: (value) => (value < 0.01 ? "" : formatPercent(value).replace("%", "")),
    long: formatPercent,
    full: (value) => `${(100 * value).toFixed(4)}%`,
    verb: "looks most at",
    received: "receives",
    bar: (document) =>
      colorBar(
        document,
        attentionScale,
        "attention, in percent; below 1 no number is written",
        (value) => String(Math.round(100 * value)),
      ),
  });
}

function lengthLook(max: number): AttentionLook {
  return sequential(lengthScale(max), {
    short: (value) => (value < NOISE * max ? "" : formatNumber(value)),
    long: formatNumber,
    full: String,
    verb: "takes most from",
    received: "gives",
    bar: (document) =>
      colorBar(
        document,
        lengthScale(max),
        "attention times the length of what is written",
        formatNumber,
      ),
  });
}

function contributionLook(figure: string, max: number, target: string): AttentionLook {
  return {
    color: (value) => {
      const { sign, share } = signedColor(figure, value, max);
      const hue = sign === "" ? "var(--positive)" : "var(--negative)";
      return `color-mix(in oklab, ${hue} ${(100 * share).toFixed(1)}%, var(--neutral))`;
    },
    ink: (value) => ({
      color: signedColor(figure, value, max).share > STRONG_SHARE ? "var(--surface)" : "var(--ink)",
      plain: true,
    }),
    short: (value) => (Math.abs(value) < NOISE * max ? "" : formatNumber(value)),
    long: formatNumber,
    full: String,
    verb: `adds most toward ${target} from`,
    received: "adds",
    bar: (document) => {
      const bar = signedBar(document);
      bar.draw(`logits toward ${target}`, max);
      return bar.element;
    },
  };
}

/**
 * How numbers of `measure` look; shares of attention when it is left out.
 * @throws VizError VIZ_VALUE unless `max` is a number above zero
 */
export function attentionLook(
  figure: string,
  measure: AttentionMeasure = { kind: "pattern" },
): AttentionLook {
  if (measure.kind === "pattern") return patternLook();
  const { max } = measure;
  if (!(max > 0 && max < Infinity))
    throw new VizError("VIZ_VALUE", `${figure}: max is ${max}; expected a number above 0`, { max });
  return measure.kind === "value-weighted"
    ? lengthLook(max)
    : contributionLook(figure, max, measure.target);
}

/** A colour bar that changes with the measure; `figure` is told whether its colours are signed. */
export function measureBar(document: Document): {
  readonly element: HTMLElement;
  readonly draw: (
    figure: HTMLElement,
    look: AttentionLook,
    measure: AttentionMeasure | undefined,
  ) => void;
} {
  const element = createElement(document, "div", {});
  let drawn: string | null = null;
  return {
    element,
    draw(figure, look, measure) {
      const key = JSON.stringify(measure ?? null);
      if (key === drawn) return;
      drawn = key;
      element.replaceChildren(look.bar(document));
      figure.classList.toggle("prisma-signed-map", measure?.kind === "contribution");
    },
  };
}

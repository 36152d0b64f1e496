// The key to signed colours: a strip from the negative through the neutral to the positive hue.
import { createElement, setAttribute, setText } from "../create-element.ts";
import { formatNumber } from "../format-value.ts";

/** A colour bar that can be told another title and scale. */
export interface SignedBar {
  readonly element: HTMLElement;
  draw(title: string, max: number): void;
}

/** A colour bar from `-max` to `max`. */
export function signedBar(document: Document): SignedBar {
  const title = createElement(document, "span", { class: "prisma-color-title" });
  const ticks = [-1, 0, 1].map(() =>
    createElement(document, "span", { class: "prisma-color-tick" }),
  );
  const strip = createElement(document, "div", { class: "prisma-signed-strip" });
  const scale = createElement(document, "div", { class: "prisma-color-scale" }, [strip, ...ticks]);
  const element = createElement(document, "div", { class: "prisma-color-bar", role: "img" }, [
    title,
    scale,
  ]);
  ticks.forEach((tick, at) => tick.style.setProperty("left", `${50 * at}%`));
  return {
    element,
    draw(text, max) {
      setText(title, text);
      const values = [-max, 0, max].map(formatNumber);
      ticks.forEach((tick, at) => setText(tick, values[at] ?? ""));
      setAttribute(
        element,
        "aria-label",
        `${text}: red is below zero, blue above, to ${values[2]}`,
      );
    },
  };
}

// Marks the chosen one of a radio group, for assistive technology and for Tab.
import { setAttribute } from "./create-element.ts";

/** Makes the item at `index` the checked one of a radio group, and the one Tab reaches. */
export function checkRadio(items: readonly HTMLElement[], index: number): void {
  items.forEach((item, at) => {
    setAttribute(item, "aria-checked", String(at === index));
    setAttribute(item, "tabindex", at === index ? 0 : -1);
  });
}

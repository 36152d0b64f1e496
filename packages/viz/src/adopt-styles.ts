// Puts the figures' style sheet into a page once, in the way a strict content security policy allows.
import { figureStyles } from "./figure-styles.ts";

const adopted = new WeakSet<Document>();

/** Adopts the style sheet into a page's document; does nothing in a document without a window's CSS. */
export function adoptStyles(document: Document): void {
  const Sheet = document.defaultView?.CSSStyleSheet;
  if (adopted.has(document) || Sheet?.prototype.replaceSync === undefined) return;
  const sheet = new Sheet();
  sheet.replaceSync(figureStyles);
  document.adoptedStyleSheets.push(sheet);
  adopted.add(document);
}

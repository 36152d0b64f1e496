// Names and signs of the garments of Fashion-MNIST, in the order of its classes.

const SIGNS: Readonly<Record<string, string>> = {
  "T-shirt/top": "\u{1F455}",
  Trouser: "\u{1F456}",
  Pullover: "\u{1F9F6}",
  Dress: "\u{1F457}",
  Coat: "\u{1F9E5}",
  Sandal: "\u{1F461}",
  Shirt: "\u{1F454}",
  Sneaker: "\u{1F45F}",
  Bag: "\u{1F45C}",
  "Ankle boot": "\u{1F462}",
};

/** Names of the garments' classes, by number. */
export const garmentClasses: readonly string[] = Object.keys(SIGNS);

/** An emoji for a class; its number where the model names none; or else the first two letters of its name. */
export function classSign(label: string): string {
  if (Object.hasOwn(SIGNS, label)) return SIGNS[label] ?? "";
  return /^class (\d+)$/.exec(label)?.[1] ?? label.slice(0, 2);
}

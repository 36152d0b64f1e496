// The program of a page that draws figures with hostile texts and looks for what became of them.

type Draw = (data: unknown) => { readonly element: HTMLElement; update(data: unknown): void };

/** A figure, data of it, and further texts its data may have. */
export interface Subject {
  readonly draw: Draw;
  readonly data: object;
  readonly more: (text: string) => object;
}

/** What went wrong with a figure; nothing, if all is well. `html`: all that was drawn, as text. */
export interface Finding {
  readonly problems: readonly string[];
  readonly html: string;
}

/** Fields of data that choose among words of ours. */
const CHOICES: ReadonlySet<string> = new Set(["unit", "readout", "kind", "spacing"]);

/** `data` with every text in it replaced. */
function withText(data: unknown, text: string): unknown {
  if (typeof data === "string") return text;
  if (Array.isArray(data)) return data.map((item) => withText(item, text));
  if (typeof data !== "object" || data === null || ArrayBuffer.isView(data)) return data;
  return Object.fromEntries(
    Object.entries(data).map(([key, item]) => [
      key,
      CHOICES.has(key) ? item : withText(item, text),
    ]),
  );
}

function dataOf({ data, more }: Subject, text: string): object {
  return { ...(withText(data, text) as object), ...more(text) };
}

const all = (root: Element): Element[] => [root, ...root.querySelectorAll("*")];
const names = (root: Element): string =>
  all(root)
    .map((one) => one.localName)
    .join(" ");

/** Attributes that hold text for people (`data-text`: what the style sheet writes); no other holds a given one. */
const SPOKEN: ReadonlySet<string> = new Set(["aria-label", "title", "alt", "data-text"]);

function problemsOf(element: HTMLElement, plain: string, text: string): string[] {
  const problems: string[] = [];
  if (names(element) !== plain) problems.push("elements were added");
  for (const { localName, attributes } of all(element))
    for (const { name, value } of attributes)
      if (name.startsWith("on") || (value.includes(text) && !SPOKEN.has(name)))
        problems.push(`${localName} has ${name}`);
  if (!holds(element, text)) problems.push("the text is nowhere");
  return problems;
}

/** Whether some text or spoken attribute has exactly `text` in it. */
function holds(element: HTMLElement, text: string): boolean {
  return all(element).some(
    (one) =>
      one.textContent.includes(text) ||
      [...one.attributes].some(({ name, value }) => SPOKEN.has(name) && value.includes(text)),
  );
}

/** Draws a figure with `text` in every place, at once and by an update of a harmless one. */
export async function drawHostile(subject: Subject, text: string): Promise<Finding> {
  const plain = subject.draw(dataOf(subject, "label"));
  const hostile = subject.draw(dataOf(subject, text));
  const expected = names(plain.element);
  document.body.replaceChildren(plain.element, hostile.element);
  const problems = problemsOf(hostile.element, expected, text);
  plain.update(dataOf(subject, text));
  problems.push(...problemsOf(plain.element, expected, text).map((one) => `updated: ${one}`));
  // Handlers of what would have been elements run in tasks of their own.
  await new Promise((resolve) => setTimeout(resolve));
  if (Reflect.has(window, "hit")) problems.push("it ran");
  return { problems, html: document.body.getHTML() };
}

/** Keys of `subject`'s data under which texts are replaced. */
export function textKeys(subject: Subject): string[] {
  const found = new Set<string>();
  const visit = (value: unknown, key: string): void => {
    if (value === "\u0007") found.add(key);
    else if (Array.isArray(value)) value.forEach((item) => visit(item, key));
    else if (typeof value === "object" && value !== null)
      for (const [name, item] of Object.entries(value)) visit(item, name);
  };
  visit(dataOf(subject, "\u0007"), "");
  return [...found].toSorted();
}

// Call sites: where user code called the library, kept as an unread stack trace until somebody wants to know.

/** A line of user code. */
export interface CodePlace {
  /** As the platform names it: a path, or an address. */
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One frame of a stack trace, innermost first. */
interface Frame extends CodePlace {
  /** The function that was running: `softmax`, `Tensor.matmul`, or nothing. */
  readonly name: string;
}

/** Frames looked at: gradients of reductions are built a dozen calls below the user's. */
const FRAMES = 40;

/** `    at name (file:1:2)` and `    at file:1:2` of V8; `name@file:1:2` of the others. */
const FRAME =
  /^\s*(?:at (?:(?<v8>.*?) \()?|(?<other>[^@]*)@)(?<file>.+?):(?<line>\d+):(?<column>\d+)\)?$/;

function parseFrame(text: string): Frame[] {
  const { v8, other, file, line, column } = FRAME.exec(text)?.groups ?? {};
  if (file === undefined) return [];
  // Code made from text at run time has a place in that text only.
  const at = file.endsWith(", <anonymous>") ? "<anonymous>" : file;
  return [{ name: v8 ?? other ?? "", file: at, line: Number(line), column: Number(column) }];
}

/** `file` as a path with plain slashes, so that what a stack says and what a module says of itself can be compared. */
function plainPath(file: string): string {
  const path = file
    .replace(/^file:\/\/(?:\/(?=[A-Za-z]:))?/, "")
    .replace(/[?#].*$/, "")
    .replaceAll("\\", "/");
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/** Folders of the library's own code: its sources and its build, or, where a tool has moved it, the folder it is in. */
export function ownFolders(module: string): readonly string[] {
  const path = plainPath(module);
  const root = /^(.*\/)(?:src\/graph|dist)\/[^/]*$/.exec(path)?.[1];
  return root === undefined
    ? [path.slice(0, path.lastIndexOf("/") + 1)]
    : [`${root}src/`, `${root}dist/`];
}

const OWN = ownFolders(import.meta.url);

/** Whether `frame` is code of somebody: not the engine's. */
const isCode = ({ file }: Frame): boolean => !file.startsWith("node:") && file !== "native";

/** The method or function that a frame runs: `softmax` of `Tensor.softmax [as normalize]`. */
function functionOf({ name }: Frame): string | null {
  return /([\w$]+)(?: \[as [^\]]*\])?$/.exec(name)?.[1] ?? null;
}

/** The public function that was called, and the line of user code that called it. */
export interface Call {
  readonly operation: string | null;
  readonly place: CodePlace;
}

/** The call that `stack` shows: its first frame outside of the folders `own`; null where none can be told from the library. */
export function callIn(stack: string, own: readonly string[] = OWN): Call | null {
  const isOwn = ({ file }: Frame): boolean =>
    own.some((folder) => plainPath(file).startsWith(folder));
  const frames = stack.split("\n").flatMap(parseFrame);
  const start = frames.findIndex(isOwn);
  const end = frames.findIndex((frame, i) => i > start && isCode(frame) && !isOwn(frame));
  const [inner, user] = [frames[end - 1], frames[end]];
  if (start < 0 || inner === undefined || user === undefined) return null;
  const { file, line, column } = user;
  return { operation: functionOf(inner), place: { file, line, column } };
}

/** Where user code called an operation. Making one takes a trace of the stack; reading it parses the trace. */
export class CallSite {
  #error: Error | null;
  #stack: string | null = null;
  #call: Call | null | undefined;

  constructor() {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = FRAMES;
    this.#error = new Error();
    Error.stackTraceLimit = limit;
  }

  /**
   * Makes text of the trace: an engine's own form of it holds on to every `this` on the stack, and so to tensors that
   * could else be collected.
   */
  settle(): string {
    this.#stack ??= this.#error?.stack ?? "";
    this.#error = null;
    return this.#stack;
  }

  #read(): Call | null {
    this.#call ??= callIn(this.settle());
    return this.#call;
  }

  /** The line of user code that called; null where it cannot be told, as in a page whose code is one file. */
  get place(): CodePlace | null {
    return this.#read()?.place ?? null;
  }

  /** The public function that user code called: `softmax`. */
  get operation(): string | null {
    return this.#read()?.operation ?? null;
  }
}

/** `place` in full, for tools that open it: path, line and column. */
export function formatPlace({ file, line, column }: CodePlace): string {
  return `${file}:${line}:${column}`;
}

/** `place` without its folder, for messages: `model.ts:12:5`. */
export function shortPlace({ file, line, column }: CodePlace): string {
  const path = plainPath(file);
  return `${path.slice(path.lastIndexOf("/") + 1)}:${line}:${column}`;
}

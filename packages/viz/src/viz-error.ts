// The one error class of this package, a twin of the engine's: a stable code, a message, plain details.

/** What can go wrong in a figure; every code is the caller's input to mend. */
export type VizErrorCode =
  | "VIZ_SHAPE" // array length, rank or label count does not fit
  | "VIZ_VALUE" // a number to be drawn is not finite or lies outside the stated scale
  | "VIZ_INDEX" // a token, head, row or patch that is not there
  | "VIZ_DOCUMENT"; // no DOM to build in

/** Bad input to a figure. `message` starts with the code and names what was found and expected. */
export class VizError extends Error {
  /** Always `VizError`, so that errors of several copies of the package can be told. */
  override readonly name = "VizError";
  /** What is wrong, for programs; `message` says it for people. */
  readonly code: VizErrorCode;
  /** Facts as plain data: what was found, what was expected. */
  readonly details: Readonly<Record<string, unknown>>;
  /** Every fault of a figure is one of its input. */
  readonly kind = "BAD_INPUT";
  /** The same call fails again. */
  readonly retryable = false;

  constructor(
    code: VizErrorCode,
    message: string,
    details: Readonly<Record<string, unknown>> = {},
  ) {
    super(`${code}: ${message}`);
    this.code = code;
    this.details = details;
  }
}

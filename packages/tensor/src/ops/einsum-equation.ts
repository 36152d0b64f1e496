// The equations of einsum: letters for the axes of each operand and of the result, checked against the shapes.
import { kindOf, PrismaError, quoteName } from "../errors.ts";
import { formatShape, type Shape } from "../shape.ts";

/** An equation taken apart; each letter has one size. */
export interface EinsumEquation {
  readonly operands: readonly (readonly string[])[];
  readonly out: readonly string[];
}

const FORM = /^\s*[a-zA-Z]*\s*(?:,\s*[a-zA-Z]*\s*)*->\s*[a-zA-Z]*\s*$/;

function fail(equation: string, problem: string): never {
  throw new PrismaError("ARGUMENT_INVALID", `einsum ${quoteName(equation)}: ${problem}`, {
    equation,
  });
}

function takeApart(equation: string): EinsumEquation {
  if (typeof equation !== "string")
    throw new PrismaError(
      "ARGUMENT_INVALID",
      `einsum: the equation is ${kindOf(equation)}; it must be text such as "bij,bjk->bik"`,
    );
  if (!FORM.test(equation))
    fail(
      equation,
      `it must look like "bij,bjk->bik": letters for each operand, an arrow, the result`,
    );
  const [inputs = "", out = ""] = equation.replace(/\s/g, "").split("->");
  return { operands: inputs.split(",").map((letters) => [...letters]), out: [...out] };
}

function assertResult(equation: string, { operands, out }: EinsumEquation): void {
  const twice = out.find((letter, i) => out.indexOf(letter) !== i);
  if (twice !== undefined) fail(equation, `"${twice}" is in the result twice`);
  const unknown = out.find((letter) => !operands.flat().includes(letter));
  if (unknown !== undefined) fail(equation, `"${unknown}" of the result is in no operand`);
}

/** @throws PrismaError SHAPE_MISMATCH where a letter would have two sizes, or an operand another number of axes */
function assertSizes(
  equation: string,
  letters: EinsumEquation["operands"],
  shapes: readonly Shape[],
): void {
  const sizes = new Map<string, number>();
  letters.forEach((own, i) => {
    const shape = shapes[i] ?? [];
    const mismatch = (problem: string): never => {
      throw new PrismaError(
        "SHAPE_MISMATCH",
        `einsum ${quoteName(equation)}: operand ${i + 1} is ${formatShape(shape)}, ${problem}`,
        { equation, operand: i, shape: [...shape] },
      );
    };
    if (own.length !== shape.length) mismatch(`but "${own.join("")}" names ${own.length} axes`);
    own.forEach((letter, axis) => {
      const [size = 1, before] = [shape[axis], sizes.get(letter)];
      if (before !== undefined && before !== size)
        mismatch(`so "${letter}" is ${size}, but ${before} before it`);
      sizes.set(letter, size);
    });
  });
}

/**
 * `equation` for operands of `shapes`.
 * @throws PrismaError ARGUMENT_INVALID, SHAPE_MISMATCH
 */
export function einsumEquation(equation: string, shapes: readonly Shape[]): EinsumEquation {
  const parts = takeApart(equation);
  assertResult(equation, parts);
  if (parts.operands.length !== shapes.length)
    fail(equation, `it has ${parts.operands.length} operands, ${shapes.length} tensors were given`);
  assertSizes(equation, parts.operands, shapes);
  return parts;
}

// The shape of one row of the scalar function table: expression, derivative and domain, side by side.
import type { MachineType } from "../../dtype.ts";
import type { Expr } from "../expr.ts";
import type { Node } from "../node.ts";

/** A function of one element of each input, written once for every device. */
export interface ScalarFunction {
  readonly arity: 1 | 2 | 3;
  /** The value in machine operations; accurate to 2 ULP in f32 unless the row says otherwise. */
  readonly expression: (args: readonly Expr[], dtype: MachineType) => Expr;
  /** Gradient of each input from the output's gradient `g`, as nodes; null where none flows. Absent: not differentiable. */
  readonly gradient?: (g: Node, inputs: readonly Node[], output: Node) => readonly (Node | null)[];
}

// Rewrites of expressions: change every linear form (a view), replace leaves, collect what an expression reads.
import type { BufferId, Expr, GatherLoad, Load, ValueExpr } from "./expr.ts";
import type { Guard, LinearForm } from "./linear-form.ts";

/** What a form transformation may answer: the new form, or null where the view cannot be expressed. */
export type FormRewrite = (form: LinearForm) => LinearForm | null;

/**
 * Rebuilds `root` bottom-up, each shared part once; `leaf` answers for everything that is not an operation. Roots that share
 * parts share `done`.
 */
export function rewriteLeaves(
  root: Expr,
  leaf: (expr: Expr) => Expr,
  done = new Map<Expr, Expr>(),
): Expr {
  const visit = (expr: Expr): Expr => {
    const known = done.get(expr);
    if (known !== undefined) return known;
    const result = expr.kind === "op" ? rebuild(expr, visit) : leaf(expr);
    done.set(expr, result);
    return result;
  };
  return visit(root);
}

function rebuild(expr: Extract<Expr, { kind: "op" }>, visit: (expr: Expr) => Expr): Expr {
  const args = expr.args.map(visit);
  return args.every((arg, i) => arg === expr.args[i]) ? expr : { ...expr, args };
}

/** `root` seen through a view: every form becomes `change(form)`, every guard likewise; null where one has no answer. */
export function rewriteForms(root: Expr, change: FormRewrite): Expr | null {
  let failed = false;
  const form = (f: LinearForm): LinearForm => {
    const changed = change(f);
    if (changed === null) failed = true;
    return changed ?? f;
  };
  const guards = (list: readonly Guard[]): Guard[] =>
    list.map((g) => ({ form: form(g.form), size: g.size }));
  const visit = (expr: Expr): Expr =>
    rewriteLeaves(expr, (leaf) => {
      switch (leaf.kind) {
        case "load":
          return { ...leaf, form: form(leaf.form), guards: guards(leaf.guards) };
        case "gather":
          return {
            ...leaf,
            form: form(leaf.form),
            guards: guards(leaf.guards),
            index: visit(leaf.index),
          };
        case "index":
        case "value":
          return { ...leaf, form: form(leaf.form) };
        case "inside":
          return { ...leaf, guards: guards(leaf.guards) };
        default:
          return leaf;
      }
    });
  const result = visit(root);
  return failed ? null : result;
}

/** Adds `extra` to the guards of everything that `root` reads. */
export function addGuards(root: Expr, extra: readonly Guard[]): Expr {
  return rewriteLeaves(root, (leaf) => {
    if (leaf.kind === "load") return { ...leaf, guards: [...leaf.guards, ...extra] };
    if (leaf.kind === "gather") {
      return { ...leaf, guards: [...leaf.guards, ...extra], index: addGuards(leaf.index, extra) };
    }
    return leaf;
  });
}

/** Calls `visit` once for every distinct part of `roots`, operands before operations. */
export function walk(roots: readonly Expr[], visit: (expr: Expr) => void): void {
  const seen = new Set<Expr>();
  const go = (expr: Expr): void => {
    if (seen.has(expr)) return;
    seen.add(expr);
    if (expr.kind === "op") expr.args.forEach(go);
    if (expr.kind === "gather") go(expr.index);
    visit(expr);
  };
  roots.forEach(go);
}

/** Reads of buffers in `roots`, gathers included. */
export function loadsOf(...roots: Expr[]): (Load | GatherLoad)[] {
  const loads: (Load | GatherLoad)[] = [];
  walk(roots, (expr) => {
    if (expr.kind === "load" || expr.kind === "gather") loads.push(expr);
  });
  return loads;
}

/** Distinct buffers that `roots` read. */
export function buffersOf(...roots: Expr[]): Set<BufferId> {
  return new Set(loadsOf(...roots).map((load) => load.buffer));
}

/** Values of unfinished kernels that `roots` use. */
export function valuesOf(...roots: Expr[]): ValueExpr[] {
  const values: ValueExpr[] = [];
  walk(roots, (expr) => {
    if (expr.kind === "value") values.push(expr);
  });
  return values;
}

/** Number of machine operations in `root`, shared parts counted once; a gather, and a place in a joined tensor, counts as one. */
export function costOf(root: Expr): number {
  let cost = 0;
  walk([root], (expr) => {
    // A place in a joined tensor costs a load of another part beside its choice.
    if (expr.kind === "op" || expr.kind === "gather" || expr.kind === "inside") cost++;
  });
  return cost;
}

// Finishing: turns a draft into the plain kernel that code generators read.
import type { Expr } from "../graph/expr.ts";
import { denseForm, permuteForm, type LinearForm } from "../graph/linear-form.ts";
import { sizeOf, type Shape } from "../shape.ts";
import { collapse, formsOf, keepAxes, keepExprAxes } from "./collapse.ts";
import type { Draft, DraftValue, Level, Source } from "./draft.ts";
import type { Kernel, Operand, RowStep, Store } from "./kernel.ts";
import { valuesOf } from "../graph/rewrite.ts";

type SourceOf<Family extends Source["family"]> = Extract<Source, { family: Family }>;

/** A draft's stores, with own computed values inlined, over the draft's domain. */
class Finisher {
  readonly #memo = new Map<number, Expr>();

  constructor(readonly draft: Draft) {}

  kernel(): Kernel | null {
    const source = this.draft.source;
    switch (source.family) {
      case "map":
        return this.#map();
      case "rows":
        return this.#rows();
      case "reduce":
        return this.#reduce(source);
      case "contract":
        return this.#contract(source);
      case "scatter":
        return this.#scatter(source);
      case "sort":
        return this.#sort(source);
      case "topK":
        return this.#topK(source);
    }
  }

  get #names(): { readonly labels: readonly string[]; readonly nodes: readonly number[] } {
    const { values } = this.draft;
    return {
      labels: [...new Set(values.map((value) => value.label))],
      nodes: [...new Set(values.map((value) => value.node))],
    };
  }

  /** Expression of value `index`: what it computes, or a bare reference to what the family makes. */
  #exprOf(index: number, value: DraftValue): Expr {
    const computed = this.draft.inlineValue(index, this.#memo);
    return (
      computed ?? {
        kind: "value",
        dtype: value.dtype,
        kernel: this.draft.index,
        value: index,
        form: this.#formOf(value.level),
      }
    );
  }

  #formOf(level: Level): LinearForm {
    if (level === "element") return denseForm(this.draft.domain);
    const dense = denseForm(this.draft.outer);
    return { strides: [...dense.strides, 0], offset: dense.offset };
  }

  #stores(level: Level): Store[] {
    return this.draft.values.flatMap((value, index) =>
      value.buffer === null || value.level !== level
        ? []
        : [
            {
              buffer: value.buffer,
              dtype: value.dtype,
              value: this.#exprOf(index, value),
              form: this.#formOf(level),
            },
          ],
    );
  }

  #map(): Kernel | null {
    const stores = this.#stores("element");
    if (stores.length === 0) return null;
    const { groups, kept } = collapse([{ sizes: this.draft.domain }], formsOfStores(stores));
    return {
      family: "map",
      ...this.#names,
      shape: groups[0] ?? [],
      stores: keepStores(stores, kept),
    };
  }

  #rows(): Kernel | null {
    const rowStores = this.#stores("row");
    const stores = this.#stores("element");
    const needed = this.#neededSteps([...rowStores, ...stores].map((store) => store.value));
    const length = this.draft.domain[this.draft.domain.length - 1] ?? 1;
    const bodies = needed.map((step) => step.body);
    const forms = [...formsOfStores([...rowStores, ...stores]), ...formsOf(bodies)];
    const { groups, kept } = collapse([{ sizes: this.draft.outer }], forms);
    const axes = [...kept, this.draft.domain.length - 1];
    return {
      family: "rows",
      ...this.#names,
      outer: groups[0] ?? [],
      length,
      steps: needed.map((step) => ({ ...step, body: keepExprAxes(step.body, axes) })),
      rowStores: keepStores(rowStores, axes),
      stores: keepStores(stores, axes),
    };
  }

  /** Steps that the stores use, directly or through other steps, in the order they were made. */
  #neededSteps(roots: readonly Expr[]): RowStep[] {
    const steps = new Map<number, RowStep>();
    const visit = (expr: Expr): void => {
      for (const { value: id } of valuesOf(expr)) {
        const value = this.draft.values[id];
        if (steps.has(id) || value === undefined || value.step === null || value.expr === null)
          continue;
        const body = this.draft.inline(value.expr, this.#memo);
        steps.set(id, { id, fn: value.step, dtype: value.dtype, body });
        visit(body);
      }
    };
    roots.forEach(visit);
    return [...steps.values()].sort((a, b) => a.id - b.id);
  }

  #reduce(source: SourceOf<"reduce">): Kernel {
    const stores = this.#stores("element");
    const wide = source.inner.map(() => 0);
    const forms = [
      ...formsOfStores(stores).map((form) => ({
        strides: [...form.strides, ...wide],
        offset: form.offset,
      })),
      ...formsOf([source.body]),
    ];
    const { groups, kept } = collapse(
      [{ sizes: this.draft.domain }, { sizes: source.inner }],
      forms,
    );
    const outerKept = kept.filter((axis) => axis < this.draft.domain.length);
    return {
      family: "reduce",
      ...this.#names,
      outer: groups[0] ?? [],
      inner: groups[1] ?? [],
      fn: source.fn,
      dtype: this.draft.values[0]?.dtype ?? "f32",
      body: keepExprAxes(source.body, kept),
      stores: keepStores(stores, outerKept),
    };
  }

  #contract(source: SourceOf<"contract">): Kernel {
    const rank = this.draft.domain.length;
    const axesOf = (role: string): number[] =>
      [...source.roles.keys()].filter((axis) => source.roles[axis] === role);
    const order = [axesOf("batch"), axesOf("m"), axesOf("n")];
    const summed = source.k.map((_, i) => rank + i);
    const extended = (form: LinearForm): LinearForm => ({
      strides: [...form.strides, ...source.k.map(() => 0)],
      offset: form.offset,
    });
    const all = [...order.flat(), ...summed];
    const permute = (form: LinearForm): LinearForm => permuteForm(form, all);
    const stores = this.#stores("element");
    const a = permute(source.a.form);
    const b = permute(source.b.form);
    const storeForms = formsOfStores(stores).map((form) => permute(extended(form)));
    const sizes = order.map((axes) => ({
      sizes: axes.map((axis) => this.draft.domain[axis] ?? 1),
    }));
    const { groups, kept } = collapse([...sizes, { sizes: source.k }], [a, b, ...storeForms]);
    const [batch = [], m = [], n = [], k = []] = groups;
    const part = (count: number, from: number): number[] => kept.slice(from, from + count);
    const [ofBatch, ofM, ofN, ofK] = [
      part(batch.length, 0),
      part(m.length, batch.length),
      part(n.length, batch.length + m.length),
      part(k.length, batch.length + m.length + n.length),
    ];
    const storeAxes = [...ofBatch, ...ofM, ...ofN].map((axis) => all[axis] ?? 0);
    return {
      family: "contract",
      ...this.#names,
      batch,
      m,
      n,
      k,
      a: { buffer: source.a.buffer, form: keepAxes(a, [...ofBatch, ...ofM, ...ofK]) },
      b: { buffer: source.b.buffer, form: keepAxes(b, [...ofBatch, ...ofN, ...ofK]) },
      stores: keepStores(stores, storeAxes),
    };
  }

  /** What a kernel that makes one dense value of `shape` writes. */
  #output(shape: Shape): Operand {
    return { buffer: this.draft.values[0]?.buffer ?? -1, form: denseForm(shape) };
  }

  #scatter(source: SourceOf<"scatter">): Kernel {
    const { domain } = this.draft;
    const value = this.draft.values[0];
    const outer = domain.slice(0, source.axis);
    const inner = domain.slice(source.axis + 1);
    return {
      family: "scatter",
      ...this.#names,
      outer,
      first: 0,
      targets: domain[source.axis] ?? 1,
      sources: source.sources,
      inner,
      dtype: value?.dtype ?? "f32",
      index: source.index,
      source: source.source,
      output: this.#output(domain),
    };
  }

  #sort(source: SourceOf<"sort">): Kernel {
    const { descending, length, sourceDtype, source: operand } = source;
    const rows = sizeOf(this.draft.domain) / Math.max(1, length);
    return {
      family: "sort",
      ...this.#names,
      rows,
      length,
      descending,
      dtype: sourceDtype,
      source: operand,
      output: this.#output([rows, length]),
    };
  }

  #topK(source: SourceOf<"topK">): Kernel {
    const rows = sizeOf(this.draft.domain) / Math.max(1, source.k);
    const { k, length, sourceDtype, source: operand } = source;
    return {
      family: "topK",
      ...this.#names,
      rows,
      length,
      k,
      dtype: sourceDtype,
      source: operand,
      output: this.#output([rows, k]),
    };
  }
}

function formsOfStores(stores: readonly Store[]): LinearForm[] {
  return [...stores.map((store) => store.form), ...formsOf(stores.map((store) => store.value))];
}

function keepStores(stores: readonly Store[], kept: readonly number[]): Store[] {
  return stores.map((store) => ({
    ...store,
    value: keepExprAxes(store.value, kept),
    form: keepAxes(store.form, kept),
  }));
}

/** The kernel of `draft`, or null when nothing of it is stored. */
export function finish(draft: Draft): Kernel | null {
  const kernel = new Finisher(draft).kernel();
  return draft.values.some((value) => value.buffer !== null) ? kernel : null;
}

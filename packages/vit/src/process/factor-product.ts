// The singular value decomposition of a product of two tall matrices, on the host in float64.

/** A matrix by its columns. */
export type Columns = readonly Float64Array[];

/** `left diag(values) right^T`: orthonormal columns, singular values falling. */
export interface ProductSvd {
  readonly left: Columns;
  readonly values: Float64Array;
  readonly right: Columns;
}

const dot = (a: Float64Array, b: Float64Array): number => {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
};

/** Adds `factor` times `b` to `a`. */
function add(a: Float64Array, b: Float64Array, factor: number): void {
  for (let i = 0; i < a.length; i++) a[i] = (a[i] ?? 0) + factor * (b[i] ?? 0);
}

/** What is left of a column below this share of its length is rounding. */
const RANK_EPSILON = 1e-13;

/**
 * `matrix = q r` with orthonormal columns `q`, and `r` by its columns, upper triangular: Gram and Schmidt, twice over, as
 * Giraud and Langou (2005) show to be enough. A column that depends on those before it becomes zero in `q`.
 */
function orthonormal(matrix: Columns): { readonly q: Columns; readonly r: Columns } {
  const q: Float64Array[] = [];
  const r: Float64Array[] = [];
  for (const column of matrix) {
    const rest = column.slice();
    const shares = new Float64Array(matrix.length);
    for (let round = 0; round < 2; round++) {
      q.forEach((one, i) => {
        const share = dot(one, rest);
        add(rest, one, -share);
        shares[i] = (shares[i] ?? 0) + share;
      });
    }
    const length = Math.sqrt(dot(rest, rest));
    const independent = length > RANK_EPSILON * Math.sqrt(dot(column, column));
    shares[q.length] = independent ? length : 0;
    q.push(rest.map((value) => (independent ? value / length : 0)));
    r.push(shares);
  }
  return { q, r };
}

/** `a` times `b`, both by columns. */
function times(a: Columns, b: Columns): Float64Array[] {
  return b.map((column) => {
    const sum = new Float64Array(a[0]?.length ?? 0);
    a.forEach((one, i) => add(sum, one, column[i] ?? 0));
    return sum;
  });
}

const transposed = (a: Columns): Float64Array[] =>
  Array.from(a[0] ?? [], (_, row) => Float64Array.from(a, (column) => column[row] ?? 0));

const MAX_SWEEPS = 60;
const JACOBI_EPSILON = 1e-15;

/** Turns the columns `a` and `b`, and with them `va` and `vb`, so that they are orthogonal; false where they are. */
function rotate(
  [a, b]: readonly [Float64Array, Float64Array],
  [va, vb]: readonly [Float64Array, Float64Array],
): boolean {
  const [alpha, beta, gamma] = [dot(a, a), dot(b, b), dot(a, b)];
  if (Math.abs(gamma) <= JACOBI_EPSILON * Math.sqrt(alpha * beta)) return false;
  const zeta = (beta - alpha) / (2 * gamma);
  const tangent = (zeta < 0 ? -1 : 1) / (Math.abs(zeta) + Math.sqrt(1 + zeta * zeta));
  const cosine = 1 / Math.sqrt(1 + tangent * tangent);
  const sine = cosine * tangent;
  for (const [x, y] of [
    [a, b],
    [va, vb],
  ] as const) {
    for (let i = 0; i < x.length; i++) {
      const [p, q] = [x[i] ?? 0, y[i] ?? 0];
      x[i] = cosine * p - sine * q;
      y[i] = sine * p + cosine * q;
    }
  }
  return true;
}

/** `matrix = u diag(values) v^T` for a square matrix: one-sided Jacobi (Hestenes 1958), which finds small values as well as large ones. */
function jacobiSvd(matrix: Columns): ProductSvd {
  const a = matrix.map((column) => column.slice());
  const v = matrix.map((_, i) => Float64Array.from(matrix, (__, row) => Number(row === i)));
  for (let sweep = 0, turned = true; turned && sweep < MAX_SWEEPS; sweep++) {
    turned = false;
    a.forEach((left, i) => {
      a.slice(i + 1).forEach((right, offset) => {
        const [one, other] = [v[i], v[i + 1 + offset]];
        if (one && other && rotate([left, right], [one, other])) turned = true;
      });
    });
  }
  const lengths = a.map((column) => Math.sqrt(dot(column, column)));
  const order = lengths.map((_, i) => i).sort((i, j) => (lengths[j] ?? 0) - (lengths[i] ?? 0));
  const pick = (columns: Columns): Columns => order.flatMap((i) => columns[i] ?? []);
  const values = Float64Array.from(order, (i) => lengths[i] ?? 0);
  const unit = pick(a).map((column, i) => column.map((x) => (values[i] ? x / values[i] : 0)));
  return { left: unit, values, right: pick(v) };
}

/**
 * The singular value decomposition of `a b^T`, of two matrices of as many columns, each at least as tall as wide or not:
 * as many values as they have columns. Where a value is 0 its vectors may be 0.
 */
export function factorProduct(a: Columns, b: Columns): ProductSvd {
  const [first, second] = [orthonormal(a), orthonormal(b)];
  const { left, values, right } = jacobiSvd(times(first.r, transposed(second.r)));
  return { left: times(first.q, left), values, right: times(second.q, right) };
}

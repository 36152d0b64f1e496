// Numbers as people read them: shares in percent, other values with two decimals and a true minus.

/**
 * A share of one as a percentage: `0.234` is `23%`, `0.034` is `3.4%`, `0.0002` is `<0.1%`.
 * @example
 * formatPercent(0.234); // "23%"
 * formatPercent(0.0002); // "<0.1%"
 */
export function formatPercent(share: number): string {
  const percent = 100 * share;
  if (percent === 0) return "0%";
  if (Math.abs(percent) < 0.05) return percent < 0 ? ">\u22120.1%" : "<0.1%";
  const digits = Math.abs(percent) < 9.95 ? 1 : 0;
  return `${withMinus(percent, digits)}%`;
}

/**
 * A difference of two shares of one in percentage points, with its sign: `0.24` is `+24 pp`, `-0.0002` is `0.0 pp`.
 * @example
 * formatPoints(-0.56); // "\u221256 pp"
 */
export function formatPoints(difference: number): string {
  const points = 100 * difference;
  const text = withMinus(points, Math.abs(points) < 9.95 ? 1 : 0);
  return `${Number(text) > 0 ? "+" : ""}${text} pp`;
}

/**
 * A number with two decimals and a minus sign as wide as a plus.
 * @example
 * formatNumber(-1.5); // "\u22121.50"
 */
export function formatNumber(value: number): string {
  return withMinus(value, 2);
}

function withMinus(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return value < 0 && Number(text) !== 0 ? `\u2212${text}` : text;
}

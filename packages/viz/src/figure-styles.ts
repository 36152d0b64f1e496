// The style sheet of all figures: themed by custom properties, with light and dark defaults.

/**
 * CSS of every figure. Pages get it by themselves; put it in a `<style>` when figures are written
 * out as text. Set `--prisma-ink`, `-quiet`, `-line`, `-surface`, `-accent`, `-bar`, `-positive`,
 * `-negative` or `-neutral` on any ancestor to change a colour; `color-scheme` decides between light and dark.
 */
export const figureStyles: string = `
.prisma-figure {
  --ink: var(--prisma-ink, light-dark(#1c1d21, #e9e9ec));
  --quiet: var(--prisma-quiet, light-dark(#5d6069, #a2a5ae));
  --line: var(--prisma-line, light-dark(#dcdde2, #3a3c43));
  --surface: var(--prisma-surface, light-dark(#ffffff, #16171a));
  --accent: var(--prisma-accent, light-dark(#c2185b, #ff6f9f));
  --bar: var(--prisma-bar, light-dark(#8f93a0, #7b7f8b));
  --positive: var(--prisma-positive, light-dark(#2166ac, #6aa9e0));
  --negative: var(--prisma-negative, light-dark(#b2182b, #e8757c));
  --neutral: var(--prisma-neutral, light-dark(#f1f1f4, #26272c));
  margin: 0;
  color: var(--ink);
  font: inherit;
  font-variant-numeric: tabular-nums;
}
.prisma-figure button {
  margin: 0;
  padding: 0;
  border: 0;
  background: none;
  color: inherit;
  font: inherit;
  cursor: pointer;
  touch-action: manipulation;
}
.prisma-figure button:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.prisma-figure [hidden] { display: none; }
.prisma-mark { fill: none; stroke: var(--accent); stroke-width: 2px; vector-effect: non-scaling-stroke; }

.prisma-attention-grid { display: grid; gap: 4px; }
.prisma-grid-row { display: grid; grid-template-columns: 24px; grid-auto-flow: column; grid-auto-columns: minmax(0, 1fr); gap: 4px; align-items: center; }
.prisma-axis { color: var(--quiet); font-size: var(--prisma-small, 12px); text-align: center; }
.prisma-grid-row > .prisma-axis:first-child { text-align: left; }
.prisma-figure .prisma-head { display: block; min-width: 40px; min-height: 40px; padding: 6px; border-radius: 4px; }
.prisma-dense .prisma-grid-row { gap: 2px; }
.prisma-figure.prisma-dense .prisma-head { min-width: 24px; min-height: 24px; padding: 2px; }
.prisma-figure .prisma-head:hover { box-shadow: inset 0 0 0 1px var(--quiet); }
.prisma-figure .prisma-head[aria-checked="true"] { box-shadow: inset 0 0 0 2px var(--accent); }
.prisma-head .prisma-mark { stroke: #fff; stroke-width: 1px; }
.prisma-token-map { display: block; width: 100%; overflow: visible; isolation: isolate; }

.prisma-token-cells {
  display: grid;
  grid-template-columns: repeat(var(--prisma-columns), minmax(0, 1fr));
  position: relative;
  isolation: isolate;
}
.prisma-figure .prisma-cell {
  position: relative;
  grid-column: var(--prisma-column);
  grid-row: calc(var(--prisma-row) + 1);
  aspect-ratio: 1;
  min-width: 0;
  font-size: var(--prisma-small, 12px);
  line-height: 1;
  forced-color-adjust: none;
  print-color-adjust: exact;
}
.prisma-figure .prisma-apart { grid-row: 1; margin-bottom: 8px; }
.prisma-apart-name {
  grid-column: calc(var(--prisma-column) + var(--prisma-apart));
  grid-row: 1;
  align-self: center;
  padding: 0 0 8px 12px;
  color: var(--quiet);
  font-size: var(--prisma-small, 12px);
}
.prisma-cell > span { position: relative; z-index: 1; text-shadow: 0 0 3px rgb(0 0 0 / 60%); }
.prisma-dark-ink > span { text-shadow: none; }
.prisma-query::after {
  content: "";
  position: absolute;
  inset: 0;
  z-index: 2;
  box-shadow: inset 0 0 0 1px #fff, 0 0 0 2px var(--accent);
  pointer-events: none;
}
.prisma-figure .prisma-cell:focus-visible { z-index: 3; outline-offset: 3px; }
.prisma-picture { image-rendering: pixelated; mix-blend-mode: screen; opacity: 0.35; pointer-events: none; }
.prisma-signed-map .prisma-picture { mix-blend-mode: luminosity; opacity: 0.25; }
.prisma-token-cells > .prisma-picture {
  grid-column: 1 / span var(--prisma-columns);
  grid-row: 2 / span var(--prisma-rows);
  /* Out of the flow, so that the picture's own size makes no row taller than its cells. */
  position: absolute;
  inset: 0;
  width: 100%;
  height: 100%;
}

.prisma-color-bar { display: grid; gap: 4px; margin-top: 12px; color: var(--quiet); font-size: var(--prisma-small, 12px); }
.prisma-color-scale { position: relative; height: 28px; }
.prisma-color-strip { display: block; width: 100%; height: 8px; }
.prisma-color-tick { position: absolute; top: 11px; transform: translateX(-50%); line-height: 16px; }
.prisma-color-tick:nth-child(2) { transform: none; }
.prisma-color-tick:last-child { transform: translateX(-100%); }

.prisma-bars table { width: 100%; border-collapse: collapse; }
.prisma-bars th, .prisma-bars td { padding: 0; height: 22px; line-height: 22px; text-align: left; font-weight: 400; white-space: nowrap; }
.prisma-bars thead th { color: var(--quiet); font-size: var(--prisma-small, 12px); text-align: right; padding-left: 12px; }
.prisma-bars tbody th { padding-right: 12px; overflow: hidden; text-overflow: ellipsis; max-width: 12em; }
/* Room for the bold form of every label, so that nothing moves when another row is set apart. */
.prisma-bars tbody th::after { content: attr(data-text); display: block; height: 0; overflow: hidden; visibility: hidden; font-weight: 600; }
.prisma-bars .prisma-bar-track { width: 99%; }
.prisma-bar { height: 12px; min-width: 1px; background: var(--bar); border-radius: 1px; forced-color-adjust: none; print-color-adjust: exact; }
.prisma-signed .prisma-bar { background: var(--positive); }
.prisma-signed .prisma-bar.prisma-negative { background: var(--negative); }
.prisma-bars .prisma-number { text-align: right; padding-left: 12px; min-width: 3.5em; }
.prisma-bars .prisma-quiet { color: var(--quiet); }
.prisma-bars .prisma-highlight th, .prisma-bars .prisma-highlight .prisma-number { font-weight: 600; }
.prisma-bars:not(.prisma-signed) .prisma-highlight .prisma-bar { background: var(--ink); }

.prisma-figure .prisma-signed-cell {
  --hue: var(--positive);
  background: color-mix(in oklab, var(--hue) var(--share), var(--neutral));
  forced-color-adjust: none;
  print-color-adjust: exact;
}
.prisma-figure .prisma-signed-cell.prisma-negative { --hue: var(--negative); }
.prisma-matrix { display: grid; gap: 4px; }
.prisma-figure .prisma-matrix-cell { position: relative; min-width: 40px; min-height: 40px; border-radius: 4px; font-size: var(--prisma-small, 12px); overflow: hidden; }
.prisma-matrix.prisma-dense { gap: 2px; }
.prisma-figure.prisma-dense .prisma-matrix-cell { min-width: 16px; min-height: 24px; border-radius: 2px; font-size: 0; }
.prisma-figure .prisma-matrix-cell.prisma-strong { color: var(--surface); }
.prisma-figure .prisma-matrix-cell:hover { box-shadow: inset 0 0 0 1px var(--quiet); }
.prisma-figure .prisma-matrix-cell[aria-checked="true"] { box-shadow: inset 0 0 0 2px var(--accent); }
.prisma-figure .prisma-edited { background-image: repeating-linear-gradient(-45deg, transparent 0 6px, color-mix(in srgb, currentColor 45%, transparent) 6px 7px); text-decoration: line-through; }
.prisma-matrix-cell[data-error]::before { content: attr(data-error); display: block; position: absolute; inset: auto 0 2px; opacity: 0.75; }
.prisma-matrix-cell[data-error] { padding-bottom: 12px; }
.prisma-flagged::after { content: ""; position: absolute; top: 0; right: 0; border: 6px solid; border-color: var(--accent) var(--accent) transparent transparent; }
.prisma-signed-strip { height: 8px; background: linear-gradient(to right in oklab, var(--negative), var(--neutral), var(--positive)); forced-color-adjust: none; print-color-adjust: exact; }

.prisma-curves { position: relative; }
.prisma-curves svg { display: block; width: 100%; height: auto; overflow: visible; }
.prisma-curve { fill: none; stroke: var(--hue, var(--ink)); stroke-width: 2px; stroke-linejoin: round; vector-effect: non-scaling-stroke; }
.prisma-curve-1 { --hue: var(--positive); }
.prisma-curve-2 { --hue: var(--negative); }
.prisma-curve-3 { --hue: var(--accent); }
.prisma-curve-4 { stroke-dasharray: 6 3; }
.prisma-curve-5 { stroke-dasharray: 2 3; }
.prisma-curves .prisma-curve-quiet { --hue: var(--line); fill: none; }
.prisma-curves text.prisma-curve-quiet { fill: var(--quiet); }
.prisma-curve-level { stroke: var(--line); vector-effect: non-scaling-stroke; }
.prisma-curve-step { stroke: var(--accent); vector-effect: non-scaling-stroke; }
.prisma-curve-text { fill: var(--ink); font-size: 12px; }
.prisma-curve-end { text-anchor: end; fill: var(--quiet); }
.prisma-curve-middle { text-anchor: middle; fill: var(--quiet); }
.prisma-hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); white-space: nowrap; }

.prisma-lens .prisma-cell { --sign: 0.7; font-size: min(28px, calc(100cqw / var(--prisma-columns) * var(--sign))); background: none; }
.prisma-lens .prisma-long-signs .prisma-cell { --sign: 0.45; }
.prisma-lens .prisma-token-cells { container-type: inline-size; }
.prisma-lens .prisma-cell > span { text-shadow: none; }
.prisma-lens .prisma-picture { mix-blend-mode: normal; opacity: 0.45; z-index: -1; }
.prisma-lens-told { min-height: 24px; margin-top: 8px; color: var(--quiet); font-size: var(--prisma-small, 12px); }

.prisma-scroll { overflow-x: auto; }
.prisma-lens-table table { border-collapse: collapse; }
.prisma-lens-table th { padding: 0 8px 0 0; color: var(--quiet); font-size: var(--prisma-small, 12px); font-weight: 400; text-align: left; white-space: nowrap; }
.prisma-lens-table tbody th { position: sticky; left: 0; z-index: 1; background: var(--surface); }
.prisma-lens-table [role="gridcell"] { min-width: 32px; height: 32px; padding: 0; text-align: center; line-height: 1; font-size: 20px; color: color-mix(in srgb, currentColor calc(100% * var(--strength)), transparent); cursor: pointer; }
.prisma-lens-table .prisma-long-signs [role="gridcell"] { font-size: var(--prisma-small, 12px); }
.prisma-lens-table [role="gridcell"]:hover { box-shadow: inset 0 0 0 1px var(--quiet); }
.prisma-lens-table [aria-selected="true"] { box-shadow: inset 0 0 0 2px var(--accent); }
.prisma-lens-table [role="gridcell"]:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }

.prisma-heat { display: grid; grid-template-columns: auto auto minmax(0, 1fr); gap: 4px 8px; color: var(--quiet); font-size: var(--prisma-small, 12px); line-height: 16px; }
.prisma-heat-plot { position: relative; grid-column: 3; background: var(--neutral); cursor: crosshair; forced-color-adjust: none; print-color-adjust: exact; }
.prisma-heat-plot:focus-visible { outline: 2px solid var(--accent); outline-offset: 2px; }
.prisma-heat-plot img { display: block; width: 100%; height: 100%; image-rendering: pixelated; }
.prisma-heat-cursor { position: absolute; box-sizing: border-box; outline: 2px solid var(--accent); pointer-events: none; }
.prisma-heat-names { position: relative; display: grid; }
.prisma-heat-names span { position: absolute; white-space: nowrap; }
.prisma-heat-names.prisma-heat-rows { width: var(--prisma-heat-names); }
.prisma-heat-rows span { right: 0; max-width: 100%; overflow: hidden; text-overflow: ellipsis; transform: translateY(-50%); }
.prisma-heat-names.prisma-heat-columns { grid-column: 3; height: 16px; }
.prisma-heat-columns span { transform: translateX(-50%); }
.prisma-heat-title.prisma-heat-rows { writing-mode: vertical-rl; transform: rotate(180deg); text-align: center; }
.prisma-heat-title.prisma-heat-columns { grid-column: 3; text-align: center; }
.prisma-heat-told { grid-column: 3; min-height: 16px; color: var(--ink); }
.prisma-heat > :last-child { grid-column: 3; }
.prisma-heat-strip { background: var(--neutral); image-rendering: pixelated; }

.prisma-pixel-image { position: relative; line-height: 0; }
.prisma-pixels { display: block; width: 100%; height: auto; image-rendering: pixelated; }
.prisma-pixel-image svg { position: absolute; inset: 0; width: 100%; height: 100%; overflow: visible; opacity: 0; pointer-events: none; }
.prisma-pixel-image:hover svg, .prisma-pixel-image.prisma-marked svg { opacity: 1; }
.prisma-pixel-image:not(.prisma-marked) .prisma-mark { display: none; }
.prisma-borders { fill: none; stroke: #fff; stroke-opacity: 0.35; stroke-width: 1px; vector-effect: non-scaling-stroke; }

@media (prefers-reduced-motion: no-preference) {
  .prisma-bar { transition: width 150ms, margin-left 150ms; }
}
`;

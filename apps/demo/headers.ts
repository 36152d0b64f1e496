// The response headers of the demo: cross-origin isolation (threads need SharedArrayBuffer) and a
// content security policy under which a label from a checkpoint can never become a script.

/** A page is cross-origin isolated only with both. */
export const isolationHeaders: Readonly<Record<string, string>> = {
  "Cross-Origin-Opener-Policy": "same-origin",
  "Cross-Origin-Embedder-Policy": "require-corp",
};

const contentSecurityPolicy = [
  "default-src 'none'",
  "script-src 'self' 'wasm-unsafe-eval'",
  "worker-src 'self'",
  "style-src 'self'",
  "font-src 'self'",
  "img-src 'self' blob: data:",
  "connect-src 'self' https://huggingface.co https://*.hf.co",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
  "object-src 'none'",
  "require-trusted-types-for 'script'",
  "trusted-types app-worker",
].join("; ");

/** What a server that hosts the built page should send with every file, workers included. */
export const pageHeaders: Readonly<Record<string, string>> = {
  ...isolationHeaders,
  "Content-Security-Policy": contentSecurityPolicy,
  "X-Content-Type-Options": "nosniff",
  "Referrer-Policy": "no-referrer",
};

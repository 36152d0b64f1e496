// Makes the engine's workers under the page's content security policy, which allows no inlined ones.
// oxlint-disable-next-line import/default -- with this query, vite exports the built file's address
import workerUrl from "./kernel-worker.ts?worker&url";

/** The part of the Trusted Types API that is used; TypeScript's DOM library does not have it yet. */
interface TrustedTypes {
  createPolicy(
    name: string,
    rules: { createScriptURL(url: string): string },
  ): { createScriptURL(url: string): string };
}

const trustedTypes = (globalThis as { trustedTypes?: TrustedTypes }).trustedTypes;

// Knows one address, made at build time, and passes nothing else.
const policy = trustedTypes?.createPolicy("app-worker", { createScriptURL: () => workerUrl });

/** A worker that runs kernels. */
export function createWorker(): Worker {
  return new Worker(policy?.createScriptURL(workerUrl) ?? workerUrl, { type: "module" });
}

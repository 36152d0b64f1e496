// Engine flags in browsers: there are none to set.

/** Browsers offer relaxed SIMD or do not. */
export async function allowExperimental(): Promise<void> {}

// Files of the repository by URL, in Node and in the browser tests.

// Held apart, so that the bundler does not take what follows for an asset. Must be a module that tests
// import: a test file's own URL in the browser is not one the server knows.
const here = import.meta.url;

/** The URL of `path`, counted from the root of the repository. */
export const repositoryFile = (path: string): URL => new URL(path, new URL("../", here));

// A Vitest reporter that names what was skipped and ends in the line that `npm test` adds up.
import type { Reporter, SerializedError, TestModule } from "vitest/node";

export default class CountReporter implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], unhandled: readonly SerializedError[]): void {
    const tests = modules.flatMap((module) => [...module.children.allTests()]);
    const inState = (state: string) => tests.filter((test) => test.result().state === state);
    // A file that does not load, and an error outside of any test, has no test to count it.
    const outside =
      modules.filter((module) => module.errors().length > 0).length + unhandled.length;
    const skipped = inState("skipped");
    const unfinished = inState("pending").length;
    for (const test of skipped) {
      console.log(`skipped: ${test.module.relativeModuleId} > ${test.fullName}`);
    }
    const passed = inState("passed").length;
    const failed = inState("failed").length + outside + unfinished;
    console.log(`${passed} passed, ${failed} failed, ${skipped.length} skipped`);
  }
}

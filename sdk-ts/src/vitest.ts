/** vitest: `scenario("pays once", "scenarios/pay.fozzy.json")` is a test. */
import { test } from "vitest";
import { type Scenario, testBody } from "./testing.js";

export { type Scenario, ScenarioFailure, type ScenarioOptions } from "./testing.js";

/** A test that runs a scenario; when vitest gives it up, fozzy is ended too. */
export const scenario: Scenario = (name, path, options) => {
  const { body, waitMs } = testBody(path, options);
  test(name, (context: { signal?: AbortSignal }) => body(context.signal), waitMs);
};

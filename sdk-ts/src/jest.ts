/** Jest, and whatever has its `test` as a global: `scenario("pays once", "scenarios/pay.fozzy.json")` is a test. */
import { type Scenario, testBody } from "./testing.js";

export { type Scenario, ScenarioFailure, type ScenarioOptions } from "./testing.js";

type Test = (name: string, body: () => Promise<void>, timeoutMs: number) => void;

/** A test that runs a scenario. When it takes longer than it may, fozzy is ended too. */
export const scenario: Scenario = (name, path, options) => {
  const { test } = globalThis as { test?: Test };
  if (test === undefined) throw new Error("there is no global test(): this is for Jest; vitest has fozzy/vitest");
  const { body, waitMs } = testBody(path, options);
  test(name, () => body(), waitMs);
};

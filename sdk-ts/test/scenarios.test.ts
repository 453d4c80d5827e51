import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { symlinkSync, writeFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { test } from "node:test";
import { pathToFileURL } from "node:url";
import { Fozzy, FozzyCommandError, runScenario, ScenarioFailure } from "fozzy";
import { BIN, real, rejection, SCENARIOS, type Staged } from "./surroundings.js";

interface Told {
  readonly success: boolean;
  readonly testResults: { assertionResults: { title: string; status: string; failureMessages: string[] }[] }[];
}

/** Run a file of tests with the real vitest, in the folder of a client. */
async function vitest({ folder }: Staged, text: string, ...words: string[]): Promise<Map<string, [string, string]>> {
  symlinkSync(resolve("node_modules"), join(folder, "node_modules"), "junction");
  const self = pathToFileURL(resolve("dist/esm")).href;
  writeFileSync(join(folder, "a.test.mjs"), text.replaceAll("SDK", self));
  const program = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
  const args = [program, "run", "--root", folder, "--reporter=json", ...words];
  const env = { ...process.env, FOZZY_BIN: BIN };
  const [stdout, stderr] = await new Promise<[string, string]>((resolve) =>
    execFile(process.execPath, args, { cwd: folder, env }, (_, out, err) => resolve([out, err])),
  );
  assert(stdout.startsWith("{"), stdout + stderr);
  const told = (JSON.parse(stdout) as Told).testResults.flatMap((file) => file.assertionResults);
  return new Map(told.map((each) => [each.title, [each.status, each.failureMessages.join("\n")]]));
}

/** What a failing scenario has to say: its screen, where it is, and the command that replays it, which is typed here. */
async function isWellTold(message: string, { folder }: Staged): Promise<void> {
  assert.match(message, /assert_eq_int: charged twice/);
  assert.match(message, /--> bad\.fozzy\.json:7:\d+/);
  const [, words = ""] = /(fozzy replay \w+)/.exec(message) ?? [];
  const [, ...args] = words.split(" ");
  const replayed = await new Fozzy({ bin: BIN, cwd: folder }).exec(args);
  assert.deepEqual([args[0], replayed.exitStatus], ["replay", 1]);
  assert.match(replayed.stdout, /SAME/);
}

test("in vitest a scenario is a test, whose failure has the screen and a replay that can be pasted", async () => {
  const staged = real();
  const told = await vitest(
    staged,
    `import { scenario } from "SDK/vitest.js";
     scenario("holds", "good.fozzy.json");
     scenario("breaks", "bad.fozzy.json", { det: true });
     scenario("is not there", "none.fozzy.json");
     scenario("takes too long", "slow.fozzy.json", { timeoutMs: 1500 });`,
  );
  assert.deepEqual([...told].map(([name, [status]]) => [name, status]), [
    ["holds", "passed"],
    ["breaks", "failed"],
    ["is not there", "failed"],
    ["takes too long", "failed"],
  ]);
  await isWellTold(told.get("breaks")?.[1] ?? "", staged);
  assert.match(told.get("is not there")?.[1] ?? "", /\[scenario\.missing\]/);
  assert.match(told.get("takes too long")?.[1] ?? "", /slow\.fozzy\.json: it did not end within 1500 ms/);
});

test("where tests are globals, as in Jest, it is the same", async () => {
  const staged = real();
  const told = await vitest(
    staged,
    `import { scenario } from "SDK/jest.js";
     scenario("holds", "good.fozzy.json");
     scenario("breaks", "bad.fozzy.json");`,
    "--globals",
  );
  assert.deepEqual([told.get("holds")?.[0], told.get("breaks")?.[0]], ["passed", "failed"]);
  await isWellTold(told.get("breaks")?.[1] ?? "", staged);
});

test("runScenario gives the summary, or the failure with the summary and the replay", async () => {
  const expected = { ...SCENARIOS.bad, expect: { status: "fail" } } as (typeof SCENARIOS)[string];
  const fozzy = real({ good: SCENARIOS.good as never, expected, bad: SCENARIOS.bad as never });
  for (const name of ["good", "expected"]) {
    assert.equal((await runScenario(`${name}.fozzy.json`, { fozzy, seed: 7 })).tests?.passed, 1);
  }
  const failure = await rejection(ScenarioFailure, runScenario("bad.fozzy.json", { fozzy }));
  assert.equal(failure.summary.tests?.failed, 1);
  assert.equal(failure.replay, `fozzy replay ${failure.summary.identity.runId}`);
  await isWellTold(failure.message, fozzy);
  const nothing = await rejection(ScenarioFailure, runScenario("good.fozzy.json", { fozzy, filter: "nobody" }));
  assert.match(nothing.message, /^good\.fozzy\.json: nothing ran/);
  assert.equal((await rejection(FozzyCommandError, runScenario("none", { fozzy }))).code, "scenario.missing");
});

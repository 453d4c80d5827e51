/** What the tests stand on: the real program, a folder of their own, and programs that behave as no fozzy would. */
import assert from "node:assert/strict";
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { after } from "node:test";
import { Fozzy, type FozzyOptions, type ScenarioFile } from "fozzy";

/** The real program. */
export const BIN = resolve(process.env.FOZZY_BIN ?? "../.venv/bin/fozzy");

/** A folder that is gone after the tests of this file. */
export function folder(): string {
  const path = mkdtempSync(join(tmpdir(), "fozzy-sdk-"));
  after(() => rmSync(path, { recursive: true, force: true }));
  return path;
}

/** A client with the folder its program works in. */
export class Staged extends Fozzy {
  constructor(
    readonly folder: string,
    options: FozzyOptions,
  ) {
    super(options);
  }
}

/** The real program in a folder of its own with these scenarios, by their name. */
export function real(scenarios: Record<string, ScenarioFile> = SCENARIOS, options: FozzyOptions = {}): Staged {
  const cwd = folder();
  writeFileSync(join(cwd, "fozzy.toml"), "");
  for (const [name, scenario] of Object.entries(scenarios)) write(join(cwd, `${name}.fozzy.json`), scenario);
  return new Staged(cwd, { bin: BIN, cwd, ...options });
}

/** Write a scenario. */
export function write(path: string, scenario: ScenarioFile): void {
  writeFileSync(path, JSON.stringify(scenario, undefined, 2));
}

/** A program of a few lines of JavaScript in the place of fozzy. */
export function fake(script: string): Staged {
  const made = folder();
  const path = join(made, "fake.cjs");
  writeFileSync(path, script);
  return new Staged(made, { bin: [process.execPath, path] });
}

/** What a fake says first, to write down which process it is; `pidOf` reads it. */
export const TELLS_PID = `{ const tmp = __dirname + "/pid.tmp" + process.pid;
  require("fs").writeFileSync(tmp, String(process.pid));
  require("fs").renameSync(tmp, __dirname + "/pid"); }`;

/** The process of a fake, as soon as it runs. */
export async function pidOf(staged: Staged): Promise<number> {
  const path = join(staged.folder, "pid");
  await until(() => existsSync(path));
  return Number(readFileSync(path, "utf8"));
}

export const SCENARIOS: Record<string, ScenarioFile> = {
  good: { version: 1, name: "good", steps: [{ type: "assert_eq_int", a: 1, b: 1 }] },
  bad: { version: 1, name: "bad", steps: [{ type: "assert_eq_int", a: 1, b: 2, msg: "charged twice" }] },
  slow: { version: 1, name: "slow", steps: [{ type: "sleep", duration: "10m" }] },
  many: {
    version: 1,
    name: "many",
    steps: [{ type: "repeat", times: 5000, as: "i", steps: [{ type: "trace_event", name: "tick", fields: { i: "${i}" } }] }],
  },
};

/** The rejection of a promise, which must be of this class. */
export async function rejection<E extends Error>(kind: new (...args: never[]) => E, promise: PromiseLike<unknown>): Promise<E> {
  const error = await promise.then(
    () => undefined,
    (reason: unknown) => reason,
  );
  assert(error instanceof kind, `wanted ${kind.name}, got ${String(error)}`);
  return error;
}

/** Whether a process is there and no zombie. */
export function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return process.platform !== "linux" || !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, "utf8"));
  } catch {
    return false;
  }
}

/** Wait until something holds. The test's own timeout is the limit. */
export async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setTimeout(resolve, 20));
}

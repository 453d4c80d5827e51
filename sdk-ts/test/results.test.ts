import assert from "node:assert/strict";
import { existsSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { COMMANDS, type documents, Fozzy, FozzyCommandError, SCHEMA_VERSION } from "fozzy";
import { BIN, real, rejection } from "./surroundings.js";

test("every verdict is a result, with its exit status and without an exception", async () => {
  const fozzy = real();
  const good = await fozzy.run("good.fozzy.json", { seed: 7, det: true });
  assert.deepEqual([good.status, good.exitStatus, good.identity.seed, good.det ?? true], ["pass", 0, 7, true]);
  const bad = await fozzy.run("bad.fozzy.json", { record: "bad.fozzy" });
  assert.deepEqual([bad.status, bad.exitStatus, bad.findings?.[0]?.message], ["fail", 1, "charged twice"]);
  assert.equal(bad.identity.tracePath, "bad.fozzy");
  const late = await fozzy.run("slow.fozzy.json", { det: true, timeout: "1s" });
  assert.deepEqual([late.status, late.exitStatus], ["timeout", 3]);
  const nothing = await fozzy.test(".", { filter: "nobody is called this" });
  assert.deepEqual([nothing.exitStatus, nothing.tests?.skipped], [5, 5]);
  const again = await fozzy.replay("bad.fozzy");
  assert.deepEqual([again.replay?.verdict, again.exitStatus], ["SAME", 1]);
  const sound = await fozzy.traceVerify("bad.fozzy");
  assert.deepEqual([sound.status, sound.exitStatus], ["pass", 0]);
  const small = await fozzy.shrink("bad.fozzy", { out: "small.fozzy" });
  assert.deepEqual([small.exitStatus, small.shrink?.end], [0, "converged"]);
});

test("a result is the document and nothing else", async () => {
  const version = await real().version();
  assert.deepEqual(Object.keys(version), ["schemaVersion", "command", "status", "version"]);
  assert.equal(version.schemaVersion, SCHEMA_VERSION);
  assert.deepEqual([version.exitStatus, version.stderr], [0, ""]);
  assert.equal(JSON.stringify(version).includes("exitStatus"), false);
});

test("what validate finds is its answer", async () => {
  const fozzy = real({ bad: { version: 1, name: "x", steps: [{ type: "slep" } as never] } });
  const found = await fozzy.validate(".");
  assert.deepEqual([found.status, found.exitStatus, found.files, found.invalid], ["error", 2, 1, 1]);
  assert.deepEqual(found.problems?.map((each) => each.code), ["scenario.unknown_step"]);
  const error = await rejection(FozzyCommandError, fozzy.validate(".", { config: "none.toml" }));
  assert.equal(error.code, "config.missing");
});

test("an error of the command has its code, exit status, place, hint and every problem", async () => {
  const fozzy = real({ bad: { version: 1, name: "x", steps: [{ type: "slep" } as never, { type: "sleep" } as never] } });
  const error = await rejection(FozzyCommandError, fozzy.run("bad.fozzy.json"));
  assert.deepEqual([error.code, error.exitStatus, error.signal], ["scenario.unknown_step", 2, null]);
  assert.deepEqual([error.where?.file, error.where?.line], ["bad.fozzy.json", 6]);
  assert.match(error.hint ?? "", /sleep/);
  assert.deepEqual(error.problems.map((each) => each.code), ["scenario.unknown_step", "scenario.missing_field"]);
  assert.match(error.message, /bad\.fozzy\.json:6:\d+\nhint: /);
  assert.deepEqual(error.args.slice(0, 2), ["run", "--json"]);
});

test("fifty runs at once are fifty runs", async () => {
  const fozzy = real();
  const runs = await Promise.all(Array.from({ length: 50 }, (_, seed) => fozzy.run("bad.fozzy.json", { seed })));
  assert.deepEqual(runs.map((run) => run.identity.seed), [...runs.keys()]);
  assert.equal(new Set(runs.map((run) => run.identity.runId)).size, 50);
  assert(runs.every((run) => run.exitStatus === 1));
});

test("folder and configuration are the client's unless the call has its own; variables add up", async () => {
  const [fozzy, other] = [real({}), real({})];
  writeFileSync(join(other.folder, "fozzy.toml"), 'base_dir = "other"');
  const base = ({ settings }: documents.EnvDocument): unknown => settings.find(({ name }) => name === "base_dir")?.value;
  assert.equal(base(await fozzy.env()), ".fozzy");
  assert.equal(base(await other.env()), "other");
  assert.equal(base(await fozzy.env({ cwd: other.folder })), "other");
  const codeOf = async (wrong: Promise<unknown>): Promise<string> => (await rejection(FozzyCommandError, wrong)).code;
  const missing = new Fozzy({ bin: BIN, cwd: fozzy.folder, config: "none.toml" });
  assert.equal(await codeOf(missing.env()), "config.missing");
  assert.equal((await missing.env({ config: "fozzy.toml" })).exitStatus, 0);
  assert.equal(await codeOf(new Fozzy({ bin: BIN, cwd: join(fozzy.folder, "nowhere") }).env()), "usage.bad_folder");
  const configured = new Fozzy({ bin: BIN, cwd: fozzy.folder, env: { FOZZY_CONFIG: "none.toml" } });
  assert.equal(await codeOf(configured.env()), "config.missing");
  assert.equal((await configured.env({ env: { FOZZY_CONFIG: undefined } })).exitStatus, 0);
});

test("words reach the program as they are: spaces, quotes, dollars, dashes, other scripts", async () => {
  const names = ["a b", 'q"uo\'te', "$(touch pwned)`x`;&|", "--json", "-x", "ünï-文", "%PATH%^", "back\\slash", "{x"];
  const good = { version: 1, name: "good", steps: [{ type: "assert_eq_int" as const, a: 1, b: 1 }] } as const;
  const fozzy = real(Object.fromEntries(names.map((name) => [name, { ...good, steps: [...good.steps] }])));
  for (const name of names) {
    const run = await fozzy.run(`${name}.fozzy.json`, { record: `${name}.fozzy` });
    assert.deepEqual([run.exitStatus, run.identity.tracePath], [0, `${name}.fozzy`]);
  }
  assert.equal(existsSync(join(fozzy.folder, "pwned")), false);
  assert.equal(readdirSync(fozzy.folder).filter((each) => each.endsWith(".fozzy") && each !== ".fozzy").length, names.length);
});

test("what has no method is printed as it is", async () => {
  const fozzy = real();
  const failed = await fozzy.exec(["run", "bad.fozzy.json"]);
  assert.equal(failed.exitStatus, 1);
  assert.match(failed.stdout, /charged twice/);
  const wrong = await fozzy.exec(["run"]);
  assert.deepEqual([wrong.exitStatus, wrong.stdout], [2, ""]);
  assert.match(wrong.stderr, /^error\[usage\.missing\]/);
});

test("every command the program has is a method, and the schema of its document can be had", async () => {
  const fozzy = new Fozzy({ bin: BIN });
  const commandsOf = async (words: string[]): Promise<string[]> => {
    const { stdout } = await fozzy.exec([...words, "--help"]);
    const listed = stdout.split(/^Commands:$/m)[1];
    return listed === undefined ? [] : [...listed.matchAll(/^ {2}([a-z-]+) /gm)].map((found) => found[1] as string);
  };
  const known = Object.values(COMMANDS).map((command) => command.words.join(" "));
  const found: string[] = [];
  for (const first of await commandsOf([])) {
    const seconds = known.includes(first) ? [] : await commandsOf([first]);
    found.push(...(seconds.length > 0 ? seconds.map((second) => `${first} ${second}`) : [first]));
  }
  assert(found.length > 40);
  assert.deepEqual(found.sort(), [...known].sort());
  for (const name of Object.keys(COMMANDS)) assert.equal(typeof fozzy[name as keyof Fozzy], "function");
  assert.match(String((await fozzy.schema({ for: "trace verify" })).title), /trace verify/);
});

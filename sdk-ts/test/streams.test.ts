import assert from "node:assert/strict";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { test } from "node:test";
import { type EventStream, FozzyAbortError, FozzyCommandError, FozzyCrashError, FozzyOutputError } from "fozzy";
import { fake, isAlive, pidOf, real, rejection, type Staged, TELLS_PID, until } from "./surroundings.js";

const SUMMARY = JSON.stringify({ schemaVersion: 1, command: "run", status: "pass", identity: { runId: "1", seed: 1 } });

/** A fake that tells events until it cannot; each is 100 bytes. */
const ENDLESS = `${TELLS_PID}
  const line = JSON.stringify({ kind: 'event', pad: 'x'.repeat(70) }).padEnd(99) + '\\n';
  let told = 0;
  for (;;) { require('fs').writeSync(1, line); require('fs').writeFileSync(__dirname + '/told', String(++told)); }`;

function toldBy(staged: Staged): number {
  const path = join(staged.folder, "told");
  return existsSync(path) ? Number(readFileSync(path, "utf8")) : 0;
}

/** Wait until a program writes nothing more because nobody reads. */
async function heldUp(staged: Staged): Promise<number> {
  for (let before = -1; ; ) {
    const now = toldBy(staged);
    if (now > 0 && now === before) return now;
    before = now;
    await sleep(200);
  }
}

test("ten thousand events come whole, in order, and the summary after them", async () => {
  const stream = real().streamRun("many.fozzy.json", { seed: 7 });
  let numbers = 0;
  let ticks = 0;
  for await (const event of stream) {
    assert.deepEqual([event.n, event.scenario], [numbers++, "many.fozzy.json"]);
    if (event.kind === "event") assert.deepEqual(event.fields, { i: ticks++ });
  }
  assert.deepEqual([numbers, ticks], [10_001, 5000]);
  const summary = await stream.result();
  assert.deepEqual([summary.status, summary.exitStatus, summary.identity.seed], ["pass", 0, 7]);
  assert.deepEqual(await stream.next(), { done: true, value: undefined });
});

test("a stream tells what a run without one tells, and a failing verdict is a result", async () => {
  const fozzy = real();
  const kinds: string[] = [];
  const stream = fozzy.stream(["run", "bad.fozzy.json", "--seed", "7"]);
  for await (const event of stream) kinds.push(event.kind);
  assert.deepEqual(kinds, ["step", "finding"]);
  const [streamed, plain] = [await stream.result(), await fozzy.run("bad.fozzy.json", { seed: 7 })];
  assert.deepEqual(streamed.findings, plain.findings);
  assert.equal(streamed.exitStatus, 1);
});

test("the result can be had without reading a single event", async () => {
  const fozzy = real();
  assert.equal((await fozzy.streamTest("good.fozzy.json").result()).tests?.passed, 1);
  await fozzy.run("bad.fozzy.json", { record: "bad.fozzy" });
  const replay = fozzy.streamReplay("bad.fozzy");
  const first = await replay.next();
  assert.equal(first.done ? "" : first.value.kind, "step");
});

test("an error of the command is the same as without a stream", async () => {
  const fozzy = real();
  const streams: EventStream<unknown, unknown>[] = [fozzy.streamRun("none.json"), fozzy.stream(["test", "--jobs", "many"])];
  const codes = [];
  for (const stream of streams) {
    const error = await rejection(FozzyCommandError, stream.next());
    assert.equal(error.exitStatus, 2);
    codes.push(error.code);
    assert.equal(await rejection(FozzyCommandError, stream.result()), error);
    assert.equal((await stream.next()).done, true);
  }
  assert.deepEqual(codes, ["scenario.missing", "usage.bad_value"]);
});

test("a slow reader holds the program up, and memory does not fill", async () => {
  const endless = fake(ENDLESS);
  const stream = endless.streamRun("a");
  await stream.next();
  const held = await heldUp(endless);
  assert(held * 100 < 400 * 1024, `${held} events were taken in`);
  for (let read = 1; read <= held; read++) await stream.next();
  await until(() => toldBy(endless) > held);
  await stream.return();
  assert.equal(isAlive(await pidOf(endless)), false);
});

test("a slow reader of the real program gets every event all the same", async () => {
  const fozzy = real();
  const stream = fozzy.streamRun("many.fozzy.json");
  let numbers = 0;
  for await (const event of stream) {
    if (numbers % 1000 === 0) await sleep(20);
    if (numbers === 5000) assert.equal(isWritten(fozzy), false); // it waits in the pipe, far from its end
    assert.equal(event.n, numbers++);
  }
  assert.deepEqual([numbers, (await stream.result()).status, isWritten(fozzy)], [10_001, "pass", true]);
});

/** Whether the run has ended and written its summary. */
function isWritten({ folder }: Staged): boolean {
  const runs = join(folder, ".fozzy", "runs");
  return readdirSync(runs).some((run) => existsSync(join(runs, run, "summary.json")));
}

test("leaving the loop ends the program, by break, by a throw, and by return while an event is waited for", async () => {
  const ways: Record<string, (stream: EventStream<unknown, unknown>) => Promise<void>> = {
    break: async (stream) => {
      for await (const _ of stream) break;
    },
    throw: async (stream) => {
      const looping = async (): Promise<void> => {
        for await (const _ of stream) throw new TypeError("mine");
      };
      assert.equal((await rejection(TypeError, looping())).message, "mine");
    },
    dispose: async (stream) => {
      await stream.next();
      await stream[Symbol.asyncDispose]();
    },
    injected: async (stream) => {
      await stream.next();
      await rejection(RangeError, stream.throw(new RangeError("in")));
    },
  };
  for (const [name, leave] of Object.entries(ways)) {
    const endless = fake(ENDLESS);
    const stream = endless.streamRun("a");
    await leave(stream);
    assert.equal(isAlive(await pidOf(endless)), false, name);
    assert.deepEqual(await stream.next(), { done: true, value: undefined });
    assert.equal((await rejection(FozzyAbortError, stream.result())).code, "sdk.left");
  }
  const silent = fake(`${TELLS_PID} setInterval(() => {}, 1000)`);
  const stream = silent.streamRun("a");
  const next = stream.next();
  const pid = await pidOf(silent);
  assert.deepEqual(await stream.return(), { done: true, value: undefined });
  assert.deepEqual(await next, { done: true, value: undefined });
  assert.equal(isAlive(pid), false);
});

test("what is left before it began never begins", async () => {
  const silent = fake(TELLS_PID);
  const stream = silent.streamRun("a");
  await stream.return();
  assert.equal((await stream.next()).done, true);
  assert.equal(existsSync(join(silent.folder, "pid")), false);
  const hurried = fake(`${TELLS_PID} setInterval(() => {}, 1000)`);
  const left = hurried.streamRun("a");
  const [next] = await Promise.all([left.next(), left.return()]); // left while the program starts
  assert.equal(next.done, true);
  if (existsSync(join(hurried.folder, "pid"))) assert.equal(isAlive(await pidOf(hurried)), false);
});

test("cancelled in the middle it tells nothing more, and the real program is gone", async () => {
  const fozzy = real();
  const aborting = new AbortController();
  const stream = fozzy.streamRun("many.fozzy.json", { signal: aborting.signal });
  let read = 0;
  const looping = async (): Promise<void> => {
    for await (const _ of stream) if (++read === 5000) aborting.abort("enough");
  };
  const error = await rejection(FozzyAbortError, looping());
  assert.deepEqual([error.code, error.cause, read], ["sdk.aborted", "enough", 5000]);
  assert.equal(await rejection(FozzyAbortError, stream.result()), error);
  const left = readdirSync(fozzy.folder).filter((name) => name.endsWith(".partial"));
  assert.deepEqual(left, []);
});

test("events before a crash are told, and then the crash", async () => {
  const event = '{"kind":"event","name":"a"}';
  const ends: Record<string, [script: string, kind: typeof FozzyCrashError | typeof FozzyOutputError, code: string]> = {
    "between two lines": [`write('${event}\\n'); process.kill(process.pid, 'SIGKILL')`, FozzyCrashError, "sdk.killed"],
    "in a line": [`write('${event}\\n{"kind":'); process.kill(process.pid, 'SIGKILL')`, FozzyCrashError, "sdk.killed"],
    "without a summary": [`write('${event}\\n')`, FozzyCrashError, "sdk.no_document"],
    "with half a summary": [`write('${event}\\n{"schemaVersion":1,')`, FozzyOutputError, "sdk.bad_json"],
    "with text between": [`write('${event}\\noops\\n${SUMMARY}\\n'); setInterval(() => {}, 1000)`, FozzyOutputError, "sdk.bad_json"],
    "with something after it": [`write('${event}\\n${SUMMARY}\\n[1]\\n')`, FozzyOutputError, "sdk.bad_document"],
  };
  for (const [name, [script, kind, code]] of Object.entries(ends)) {
    const staged = fake(`${TELLS_PID} const write = (text) => require('fs').writeSync(1, text); ${script}`);
    const stream = staged.streamRun("a");
    assert.equal((await stream.next()).done, false, name);
    assert.equal((await rejection<Error & { code?: string }>(kind as never, stream.next())).code, code, name);
    assert.equal(isAlive(await pidOf(staged)), false, name);
  }
});

test("a line may come in pieces, and a character too", async () => {
  const stream = fake(`
    const bytes = Buffer.from('{"kind":"event","name":"ünï文"}\\n${SUMMARY}');
    let at = 0;
    const timer = setInterval(() => {
      process.stdout.write(bytes.subarray(at, at += 7));
      if (at >= bytes.length) clearInterval(timer);
    }, 1)`).streamRun("a");
  const first = await stream.next();
  assert.equal(first.done ? "" : first.value.kind === "event" && first.value.name, "ünï文");
  assert.equal((await stream.result()).identity.runId, "1");
});

test("calls of next that overlap are answered in order", async () => {
  const stream = real().streamRun("many.fozzy.json");
  const events = await Promise.all(Array.from({ length: 500 }, () => stream.next()));
  assert.deepEqual(events.map((each) => (each.done ? -1 : each.value.n)), [...events.keys()]);
  await stream.return();
});

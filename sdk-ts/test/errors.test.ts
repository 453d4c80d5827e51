import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { chmodSync, mkdirSync, readdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, test } from "node:test";
import {
  Fozzy,
  FozzyAbortError,
  FozzyCrashError,
  FozzyError,
  FozzyOutputError,
  FozzySpawnError,
  FozzyUsageError,
} from "fozzy";
import { BIN, fake, folder, isAlive, pidOf, real, rejection, TELLS_PID, until } from "./surroundings.js";

const PASS = JSON.stringify({ schemaVersion: 1, command: "version", status: "pass", version: "0" });

/** Each way to call, since each must fail alike. */
const CALLS: Record<string, (fozzy: Fozzy) => PromiseLike<unknown>> = {
  "a method": (fozzy) => fozzy.version(),
  "a stream": (fozzy) => fozzy.streamRun("a").next(),
  "the result of a stream": (fozzy) => fozzy.stream(["run", "a"]).result(),
  "a proxy": (fozzy) => fozzy.proxyHttp(),
  exec: (fozzy) => fozzy.exec(["version"]),
};

describe("a program that does not start is an error one can catch", { concurrency: true }, () => {
  for (const [name, call] of Object.entries(CALLS)) {
    test(`${name}: it is missing`, async () => {
      for (const bin of ["/nowhere/fozzy", "no-such-fozzy", ["./nowhere", "-m", "fozzy"]]) {
        const error = await rejection(FozzySpawnError, call(new Fozzy({ bin })));
        assert.deepEqual([error.code, error.exitStatus, error.signal], ["sdk.not_found", null, null]);
        assert.match(error.message, /pip install fozzy/);
        assert.equal((error.cause as NodeJS.ErrnoException).code, "ENOENT");
      }
    });

    test(`${name}: it may not be executed`, async () => {
      const path = join(folder(), "fozzy");
      writeFileSync(path, "#!/bin/sh\n");
      chmodSync(path, 0o644);
      mkdirSync(`${path}.folder`);
      for (const bin of [path, `${path}.folder`]) {
        assert.equal((await rejection(FozzySpawnError, call(new Fozzy({ bin })))).code, "sdk.not_permitted");
      }
    });

    test(`${name}: the system refuses`, async () => {
      const env = { HUGE: "x".repeat(8 * 1024 * 1024) };
      const error = await rejection(FozzySpawnError, call(new Fozzy({ bin: BIN, env })));
      assert.deepEqual([error.code, (error.cause as NodeJS.ErrnoException).code], ["sdk.not_started", "E2BIG"]);
    });

    test(`${name}: a signal that was given already`, async () => {
      const signal = AbortSignal.abort("no");
      const calls = [
        () => new Fozzy({ bin: BIN }).version({ signal }),
        () => new Fozzy({ bin: BIN }).streamRun("a", { signal }).next(),
      ];
      for (const each of calls) assert.equal((await rejection(FozzyAbortError, each())).cause, "no");
    });

    test(`${name}: no program is named`, async () => {
      for (const bin of [[], "", ["a\0b"]]) {
        assert.equal((await rejection(FozzyUsageError, call(new Fozzy({ bin })))).code, "sdk.bad_value");
      }
    });
  }

  test("no file is left to open", { skip: process.platform === "win32" }, () => {
    const script = `
      import { openSync } from "node:fs";
      const { Fozzy } = await import("fozzy");
      try { for (;;) openSync("/dev/null"); } catch {}
      try { await new Fozzy({ bin: process.argv[1] }).version(); } catch (error) { process.stdout.write(error.code + error.cause.code); }
    `;
    const limited = ["-c", 'ulimit -n 64; exec "$0" "$@"', process.execPath, "--input-type=module", "-e", script, BIN];
    const ran = spawnSync("sh", limited, { encoding: "utf8" });
    assert.deepEqual([ran.stdout, ran.status], ["sdk.not_startedEMFILE", 0], ran.stderr);
  });
});

describe("a program that misbehaves is an error one can catch", { concurrency: true }, () => {
  const misbehaviour: Record<string, [script: string, code: string, kind: new (...args: never[]) => FozzyError]> = {
    "says nothing": ["process.stderr.write('Traceback\\nbroken'); process.exit(9)", "sdk.no_document", FozzyCrashError],
    "says nothing and ends well": ["", "sdk.no_document", FozzyCrashError],
    "is killed": ["process.kill(process.pid, 'SIGKILL')", "sdk.killed", FozzyCrashError],
    "aborts": ["process.abort()", "sdk.killed", FozzyCrashError],
    "is killed with half a document": [
      `require('fs').writeSync(1, '{"schemaVersion":1'); process.kill(process.pid, 'SIGSEGV')`,
      "sdk.killed",
      FozzyCrashError,
    ],
    "prints half a document": [`process.stdout.write('{"schemaVersion":1')`, "sdk.bad_json", FozzyOutputError],
    "prints two documents": [`process.stdout.write('${PASS} ${PASS}\\n')`, "sdk.bad_json", FozzyOutputError],
    "prints text": ["console.log('warning: this is no JSON')", "sdk.bad_json", FozzyOutputError],
    "prints bytes": ["process.stdout.write(Buffer.from([0x22, 0xff, 0x22, 10]))", "sdk.bad_json", FozzyOutputError],
    "prints an array": ["console.log('[1]')", "sdk.bad_document", FozzyOutputError],
    "prints null": ["console.log('null')", "sdk.bad_document", FozzyOutputError],
    "prints another object": ["console.log('{}')", "sdk.bad_document", FozzyOutputError],
    "is of another age": [
      `console.log('${PASS.replace('"schemaVersion":1', '"schemaVersion":99')}')`,
      "sdk.other_version",
      FozzyOutputError,
    ],
    "ends as fozzy never does": [`console.log('${PASS}'); process.exitCode = 120`, "sdk.no_document", FozzyCrashError],
  };

  for (const [name, [script, code, kind]] of Object.entries(misbehaviour)) {
    test(name, async () => {
      for (const call of [CALLS["a method"], CALLS["a stream"], CALLS["the result of a stream"], CALLS["a proxy"]]) {
        const error = await rejection(kind, (call as (fozzy: Fozzy) => PromiseLike<unknown>)(fake(script)));
        assert.equal(error.code, code);
        assert(error instanceof FozzyError);
      }
    });
  }

  test("exit status, signal and stderr are told", async () => {
    const ended = await rejection(FozzyCrashError, fake(misbehaviour["says nothing"]?.[0] as string).version());
    assert.deepEqual([ended.exitStatus, ended.signal, ended.stderr], [9, null, "Traceback\nbroken"]);
    assert.match(ended.message, /status 9.*\nTraceback\nbroken$/s);
    const killed = await rejection(FozzyCrashError, fake(misbehaviour["is killed"]?.[0] as string).version());
    assert.deepEqual([killed.exitStatus, killed.signal], [null, "SIGKILL"]);
  });

  test("of much that is said on stderr the end is kept, and nobody waits", async () => {
    const talking = fake(`
      for (let i = 0; i < 3000; i++) require('fs').writeSync(2, String(i).padStart(999, '.') + '\\n');
      console.log('${PASS}')`);
    const { stderr } = await talking.version();
    assert(stderr.length < 130 * 1024 && stderr.endsWith(".2999\n"));
  });

  test("what it began and left running with its output open does not hold the call up", async () => {
    const leaving = fake(`
      const child = require('child_process').spawn(process.execPath, ['-e', 'setTimeout(() => {}, 60000)'],
        { stdio: 'inherit', detached: true });
      require('fs').writeFileSync(__dirname + '/pid', String(child.pid));
      require('fs').writeSync(1, '${PASS}');
      process.exit(0)`);
    assert.equal((await leaving.version()).status, "pass");
    const pid = await pidOf(leaving);
    assert(isAlive(pid));
    process.kill(pid);
  });
});

describe("what cannot be asked is refused before anything runs", () => {
  const asked: Record<string, [call: (fozzy: Fozzy) => PromiseLike<unknown>, code: string]> = {
    "an unknown option": [(fozzy) => fozzy.run("a", { sed: 1 } as object), "sdk.unknown_option"],
    "an option of all objects": [(fozzy) => fozzy.run("a", { constructor: 1 } as object), "sdk.unknown_option"],
    "NUL in a place": [(fozzy) => fozzy.run("a\0b"), "sdk.bad_value"],
    "NUL in an option": [(fozzy) => fozzy.run("a", { case: "\0" }), "sdk.bad_value"],
    "no text": [(fozzy) => fozzy.run(undefined as never), "sdk.bad_value"],
    "no number": [(fozzy) => fozzy.run("a", { seed: NaN }), "sdk.bad_value"],
    "too large a number": [(fozzy) => fozzy.run("a", { seed: 2 ** 53 }), "sdk.bad_value"],
    "a text for a truth value": [(fozzy) => fozzy.run("a", { det: "yes" as never }), "sdk.bad_value"],
    "a text for a list": [(fozzy) => fozzy.test([], { tag: "slow" as never }), "sdk.bad_value"],
    "a stream of what has none": [(fozzy) => fozzy.stream(["version"]).next(), "sdk.no_stream"],
    "a stream of nothing": [(fozzy) => fozzy.stream([]).next(), "sdk.no_stream"],
  };
  for (const [name, [call, code]] of Object.entries(asked)) {
    test(name, async () => {
      const nobody = new Fozzy({ bin: "/nowhere/fozzy" }); // starting it would be another error
      assert.equal((await rejection(FozzyUsageError, call(nobody))).code, code);
    });
  }
});

describe("a call that is aborted leaves nothing behind", { concurrency: true }, () => {
  test("a run in the middle of a step has the time to seal what there is", async () => {
    const fozzy = real();
    const aborting = new AbortController();
    const run = fozzy.run("slow.fozzy.json", { signal: aborting.signal, record: "slow.fozzy" });
    const written = (end: string): boolean => readdirSync(fozzy.folder).some((name) => name.endsWith(end));
    await until(() => written(".partial"));
    aborting.abort(new Error("enough"));
    const error = await rejection(FozzyAbortError, run);
    assert.deepEqual([error.name, error.code, (error.cause as Error).message], ["AbortError", "sdk.aborted", "enough"]);
    assert.deepEqual([written(".partial"), written("slow.fozzy")], [false, true]);
  });

  test("a program that will not end is killed", async () => {
    const stubborn = fake(`process.on('SIGTERM', () => {}); ${TELLS_PID} setInterval(() => {}, 1000)`);
    const aborting = new AbortController();
    const calls = [stubborn.version({ signal: aborting.signal }), stubborn.streamRun("a", { signal: aborting.signal }).next()];
    const ended = calls.map((call) => rejection(FozzyAbortError, call));
    const pid = await pidOf(stubborn);
    aborting.abort();
    await Promise.all(ended);
    assert.equal(isAlive(pid), false);
  });

  test("an abort that comes too late changes nothing", async () => {
    const aborting = new AbortController();
    const version = await new Fozzy({ bin: BIN }).version({ signal: aborting.signal });
    aborting.abort();
    assert.equal(version.status, "pass");
  });

  test("when this process ends, by itself or by an exception, what it runs ends too", async () => {
    for (const last of ["process.exit(3)", "throw new Error('thrown')"]) {
      const fozzy = real();
      const script = `
        const { Fozzy } = await import("fozzy");
        const fozzy = new Fozzy({ bin: process.argv[1], cwd: process.argv[2] });
        const proxy = await fozzy.proxyHttp({ upstream: "http://127.0.0.1:9", listen: "127.0.0.1:0" });
        process.stdout.write(String(proxy.pid));
        ${last}`;
      const ran = spawnSync(process.execPath, ["--input-type=module", "-e", script, BIN, fozzy.folder], { encoding: "utf8" });
      assert.notEqual(ran.status, 0);
      const pid = Number(ran.stdout);
      assert(pid > 1, ran.stderr);
      await until(() => !isAlive(pid));
    }
  });
});

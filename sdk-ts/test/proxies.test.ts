import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { FozzyAbortError, FozzyCommandError, FozzyCrashError } from "fozzy";
import { fake, isAlive, real, rejection } from "./surroundings.js";

test("a proxy listens, is spoken to and controlled, and says what it did", async () => {
  const server = createServer((_, answer) => answer.end("truth"));
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const upstream = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  try {
    const fozzy = real();
    const proxy = await fozzy.proxyHttp({ upstream, listen: "127.0.0.1:0", control: "127.0.0.1:0", status: 503, seed: 7 });
    const answer = await fetch(`http://${proxy.listen}/`, { headers: { connection: "close" } });
    assert.deepEqual([answer.status, (await answer.arrayBuffer()).byteLength > 0], [503, true]);
    const status = await fozzy.proxyStatus({ control: proxy.control as string });
    assert.equal(status.status, "pass");
    const done = await proxy.stop();
    assert.deepEqual([done.exitStatus, done.proxy?.exchanges, done.proxy?.faulted, done.identity.seed], [0, 1, 1, 7]);
    assert.equal(isAlive(proxy.pid), false);
    assert.equal(await proxy.ended(), done);
    assert.equal(await proxy.stop(), done);
  } finally {
    server.close();
  }
});

test("of several proxies every address is known", async () => {
  const proxy = await real().proxyTcp({ proxy: ["a:upstream=127.0.0.1:9", "b:upstream=127.0.0.1:9"] });
  assert.equal(new Set(proxy.addresses).size, 2);
  assert.equal(proxy.control, undefined);
  const done = await proxy.stop();
  assert.deepEqual(done.proxy?.proxies.map((each) => each.listen), [...proxy.addresses]);
});

test("controls alone, and names with spaces, are known as soon as they listen", async () => {
  const alone = await real().proxyTcp({ control: "127.0.0.1:0" });
  assert.deepEqual([alone.addresses, alone.listen], [[], ""]);
  const status = await real().proxyStatus({ control: alone.control as string });
  assert.equal(status.status, "pass");
  await alone.stop();
  const names = ["the cache:upstream=127.0.0.1:9", "a  b:upstream=127.0.0.1:9"];
  const spaced = await real().proxyTcp({ proxy: names });
  const done = await spaced.stop();
  assert.deepEqual(done.proxy?.proxies.map((each) => [each.name, each.listen]), [
    ["the cache", spaced.addresses[0]],
    ["a  b", spaced.addresses[1]],
  ]);
});

test("a proxy that cannot be is an error, and one that is aborted or disposed of is gone", async () => {
  const fozzy = real();
  const error = await rejection(FozzyCommandError, fozzy.proxyHttp({ drop: 1.5 }));
  assert.deepEqual([error.code, error.exitStatus], ["usage.bad_value", 2]);
  const document = '{"schemaVersion":1,"command":"proxy http","status":"pass"}';
  const deaf = await rejection(FozzyCrashError, fake(`console.log('${document}')`).proxyHttp());
  assert.deepEqual([deaf.code, deaf.exitStatus], ["sdk.not_listening", 0]);
  const aborting = new AbortController();
  const options = { upstream: "http://127.0.0.1:9", listen: "127.0.0.1:0" };
  const proxy = await fozzy.proxyHttp({ ...options, signal: aborting.signal });
  aborting.abort();
  await rejection(FozzyAbortError, proxy.ended());
  assert.equal(isAlive(proxy.pid), false);
  const other = await fozzy.proxyHttp(options);
  await other[Symbol.asyncDispose]();
  assert.equal(isAlive(other.pid), false);
});

// Drives an API with the published client and writes what it saw, as JSON: node drive.cjs FLOW URL UPSTREAM [TYPES]
"use strict";

const { Toxiproxy } = require("toxiproxy-node-client");

const [flow, url, upstream, more] = process.argv.slice(2);
const client = new Toxiproxy(url);

const refused = (promise) => promise.then(() => "no error", (error) => `${error.name}: ${error.message}`);

const flows = {
  async proxies() {
    const body = { name: "p", listen: "localhost:0", upstream };
    const proxy = await client.createProxy(body);
    const off = await proxy.update({ ...proxy.toJson(), enabled: false });
    const on = await off.update({ enabled: true });
    const moved = await on.update({ upstream: "127.0.0.1:1" });
    const found = await client.get("p");
    const all = await client.getAll();
    await proxy.remove();
    return {
      version: JSON.parse(await client.getVersion()),
      created: proxy.toJson(),
      off: off.toJson(),
      on: on.toJson(),
      moved: moved.toJson(),
      found: found.toJson(),
      all: Object.keys(all),
      left: Object.keys(await client.getAll()),
    };
  },

  async populate() {
    const wanted = ["a", "b"].map((name) => ({ name, listen: "localhost:0", upstream, enabled: true }));
    wanted[1].toxics = [{ type: "latency", attributes: { latency: 1 } }];
    const shown = (proxies) => Object.values(proxies).map((proxy) => proxy.toJson());
    const first = shown(await client.populate(wanted));
    await (await client.get("a")).addToxic({ type: "latency", name: "mine", attributes: { latency: 2 } });
    const second = shown(await client.populate(wanted));
    const mine = (await (await client.get("a")).getToxic("mine")).toJson();
    const its = (await (await client.get("b")).getToxic("latency_downstream")).toJson();
    await (await client.get("a")).update({ enabled: false });
    await client.reset();
    const gone = await refused((await client.get("a")).getToxic("mine"));
    return { first, second, mine, its, gone, after: shown(await client.getAll()) };
  },

  async toxics() {
    const seen = [];
    for (const { type, attributes, update, protocol, toxicity, streams } of JSON.parse(more)) {
      const proxy = await client.createProxy({ name: type, listen: "localhost:0", upstream, protocol });
      for (const stream of streams) {
        const toxic = await proxy.addToxic({ type, stream, attributes, toxicity });
        const body = toxic.toJson();
        const changed = await toxic.update({ ...body, attributes: { ...attributes, ...update } });
        const found = await proxy.getToxic(toxic.name);
        await toxic.remove();
        seen.push({
          type, stream, created: body, changed: changed.toJson(), found: found.toJson(),
          gone: await refused(proxy.getToxic(toxic.name)),
        });
      }
      await proxy.remove();
    }
    return seen;
  },

  async errors() {
    const proxy = await client.createProxy({ name: "p", listen: "localhost:0", upstream });
    await proxy.addToxic({ type: "latency", attributes: { latency: 1 } });
    const said = {
      taken: await refused(client.createProxy({ name: "p", listen: "localhost:0", upstream })),
      nameless: await refused(client.createProxy({ listen: "localhost:0", upstream })),
      unknown: await refused(client.get("q")),
      type: await refused(proxy.addToxic({ type: "slow", attributes: {} })),
      stream: await refused(proxy.addToxic({ type: "latency", stream: "side", attributes: {} })),
      again: await refused(proxy.addToxic({ type: "latency", attributes: {} })),
      value: await refused(proxy.addToxic({ type: "latency", name: "n", attributes: { latency: -1 } })),
      name: await refused(proxy.addToxic({ type: "latency", name: "n", attributes: { latenci: 1 } })),
      toxic: await refused(proxy.getToxic("n")),
      port: await refused(client.createProxy({ name: "r", listen: proxy.listen, upstream })),
    };
    await proxy.remove();
    return { ...said, gone: await refused(proxy.remove()) };
  },
};

flows[flow]().then(
  (seen) => process.stdout.write(JSON.stringify(seen)),
  (error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  },
);

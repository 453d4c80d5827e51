import assert from "node:assert/strict";
import { execFileSync, spawnSync } from "node:child_process";
import { mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { dirname, join, resolve } from "node:path";
import { before, describe, test } from "node:test";
import { BIN, folder } from "./surroundings.js";

const NPM = process.env.npm_execpath ?? "";
const GUIDE = readFileSync("../docs/guides/typescript.md", "utf8");
const README = readFileSync("README.md", "utf8");
const BLOCK = /(?:^`([\w./]+)`\n\n)?^```(\w+)\n(.*?)^```$(?:\n\n^```text\n(.*?)^```$)?/gms;
const USES: Record<string, string> = {
  "esm.mjs": `import { Fozzy, FozzyError } from "fozzy"; console.log((await new Fozzy().version()).status, FozzyError.name);`,
  "cjs.cjs": `const { Fozzy, FozzyError } = require("fozzy");
    new Fozzy().version().then((version) => console.log(version.status, FozzyError.name));
    require("fozzy/jest").scenario;`,
  "typed.mts": `import { Fozzy, type Summary, type documents } from "fozzy";
    const run: Summary = await new Fozzy().run("a.fozzy.json", { seed: 1, fs: "virtual" });
    const status: "pass" | "fail" | "error" | "timeout" | "crash" = run.status;
    const verified: documents.Verification = (await new Fozzy().traceVerify("a")).verification;
    // @ts-expect-error there is no such option
    new Fozzy().run("a", { sed: 1 });
    // @ts-expect-error nobody answers so
    new Fozzy().run("a", { http: "virtual" });
    // @ts-expect-error a file is needed
    new Fozzy().profileFlame("a");
    // @ts-expect-error a scenario is needed
    new Fozzy().run();
    export { status, verified };`,
  "typed.cts": `import { Fozzy, RunningProxy } from "fozzy";
    import { scenario } from "fozzy/jest";
    export const made = [new Fozzy({ bin: ["a"] }), scenario, RunningProxy];`,
};

describe("packed and installed in a fresh project", () => {
  const project = folder();
  let installed: string[] = [];

  before(() => {
    writeFileSync(join(project, "package.json"), '{ "name": "fresh", "private": true, "type": "module" }');
    npm(["pack", "--ignore-scripts", "--silent", "--pack-destination", project], ".");
    const { version } = JSON.parse(readFileSync("package.json", "utf8")) as { version: string };
    npm(["install", "--offline", "--ignore-scripts", "--no-audit", "--no-fund", `./fozzy-${version}.tgz`], project);
    installed = readdirSync(join(project, "node_modules")).filter((name) => !name.startsWith("."));
    for (const name of ["typescript", "@types/node", "undici-types", "vitest"]) {
      mkdirSync(dirname(join(project, "node_modules", name)), { recursive: true });
      symlinkSync(resolve("node_modules", name), join(project, "node_modules", name), "junction");
    }
    for (const [name, text] of Object.entries(USES)) writeFileSync(join(project, name), text);
    [...README.matchAll(BLOCK)].forEach(([, , kind, text], number) => {
      if (kind === "ts") writeFileSync(join(project, `readme${number}.ts`), text as string);
    });
    mkdirSync(join(project, "scenarios"));
    for (const [, name, , text] of GUIDE.matchAll(BLOCK)) writeFileSync(join(project, name as string), text as string);
    const options = { strict: true, module: "NodeNext", target: "ES2022", types: ["node"], outDir: "out", skipLibCheck: false };
    const typed = { compilerOptions: options, include: ["*.ts", "*.mts", "*.cts"] };
    writeFileSync(join(project, "tsconfig.json"), JSON.stringify(typed));
  });

  test("nothing comes with it, and nothing is in it that is not needed", () => {
    assert.deepEqual(installed, ["fozzy"]);
    const packed = JSON.parse(npm(["pack", "--dry-run", "--json", "--ignore-scripts"], ".")) as Packed | Packed[];
    const { files } = (Array.isArray(packed) ? packed[0] : (Object.values(packed)[0] as Packed)) as Packed;
    const strangers = files.map((each) => each.path).filter((path) => !/^(dist\/(esm|cjs)\/.*\.(js|d\.ts|json)|[A-Z]+(\.md)?|package\.json)$/.test(path));
    assert.deepEqual(strangers, []);
    assert(files.some((each) => each.path === "LICENSE") && files.some((each) => each.path === "README.md"));
  });

  test("it is used from ESM and from CommonJS", () => {
    for (const name of ["esm.mjs", "cjs.cjs"]) assert.equal(node(name, project), "pass FozzyError\n");
  });

  test("it is typed in both, and so is every example of the README and the guide", () => {
    assert([...README.matchAll(BLOCK)].length > 4 && [...GUIDE.matchAll(BLOCK)].length > 6);
    const tsc = resolve("node_modules", "typescript", "bin", "tsc");
    assert.equal(node(tsc, project), "");
  });

  test("the guide's programs say what stands below them", () => {
    let ran = 0;
    for (const [, name = "", , , said] of GUIDE.matchAll(BLOCK)) {
      if (said === undefined) continue;
      assert.equal(node(join("out", name.replace(".ts", ".js")), project), said, name);
      ran++;
    }
    assert(ran >= 5);
  });
});

interface Packed {
  readonly files: { path: string }[];
}

function npm(words: string[], cwd: string): string {
  return execFileSync(process.execPath, [NPM, ...words], { cwd, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
}

/** What a program prints, however it ends. */
function node(file: string, cwd: string): string {
  return spawnSync(process.execPath, [file], { cwd, encoding: "utf8", env: { ...process.env, FOZZY_BIN: BIN } }).stdout;
}

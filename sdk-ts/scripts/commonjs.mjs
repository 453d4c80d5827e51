// Says of dist/cjs that it is CommonJS: the package as a whole is not.
import { mkdirSync, writeFileSync } from "node:fs";

const folder = new URL("../dist/cjs/", import.meta.url);
mkdirSync(folder, { recursive: true });
writeFileSync(new URL("package.json", folder), '{ "type": "commonjs" }\n');

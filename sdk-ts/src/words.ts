/** From a method's parameters to the words of a command line. No shell reads them: each is one argument as it is. */
import { FozzyUsageError } from "./errors.js";
import { COMMANDS, COMMON, type CommandName, type Place } from "./generated/commands.js";

type Spelled = readonly [how: "flag" | "value" | "list" | "place", flag?: string, off?: string];

const COLOR = "--color=never";
const OWN = ["signal", "env"]; // options of a call that are no words

/** The words of a call; `output` is the flag that says what is to stand on stdout. *Errors*: `FozzyUsageError`. */
export function wordsOf(
  name: CommandName,
  places: readonly Place[],
  options: Readonly<Record<string, unknown>>,
  output?: string,
): string[] {
  const { words, options: own } = COMMANDS[name];
  const known: Readonly<Record<string, Spelled>> = { ...COMMON, ...own } as Record<string, Spelled>;
  const flags: string[] = [];
  const last: string[] = [];
  for (const [key, value] of Object.entries(options)) {
    if (OWN.includes(key) || value === undefined || value === null) continue;
    const spelled = Object.hasOwn(known, key) ? known[key] : undefined;
    if (spelled === undefined) throw unknownOption(name, key, Object.keys(known));
    if (spelled[0] === "place") last.push(text(key, value));
    else flags.push(...written(key, value, spelled));
  }
  const given = places.flat().map((each) => text("a place", each));
  return [...words, ...(output ? [output] : []), COLOR, ...flags, "--", ...given, ...last];
}

/** The words of a stream that the caller wrote, with the flag that makes it one. *Errors*: `FozzyUsageError`. */
export function streamWords(args: readonly string[]): string[] {
  for (const each of args) text("a word", each);
  for (const command of Object.values(COMMANDS)) {
    if (!("stream" in command) || !command.words.every((word, index) => args[index] === word)) continue;
    const rest = args.slice(command.words.length);
    const end = rest.indexOf("--");
    const given = (end < 0 ? rest : rest.slice(0, end)).includes(command.stream);
    return [...command.words, ...(given ? [] : [command.stream]), ...(rest[0] === COLOR ? [] : [COLOR]), ...rest];
  }
  const streams = Object.values(COMMANDS).filter((command) => "stream" in command);
  const names = streams.map((command) => command.words.join(" ")).join(", ");
  throw new FozzyUsageError("sdk.no_stream", `a stream begins with the words of one of: ${names}`, { args });
}

function written(key: string, value: unknown, [how, flag = "", off]: Spelled): string[] {
  if (how === "flag") {
    if (typeof value !== "boolean") throw badValue(key, "must be true or false", value);
    return value ? [flag] : off === undefined ? [] : [off];
  }
  if (how === "list" && !Array.isArray(value)) throw badValue(key, "must be an array", value);
  const values = (how === "list" ? (value as unknown[]) : [value]).map((each) => text(key, each));
  return values.flatMap((each) => (flag.startsWith("--") ? [`${flag}=${each}`] : [flag, each]));
}

function text(key: string, value: unknown): string {
  if (typeof value === "number") {
    if (!Number.isFinite(value)) throw badValue(key, "must be a number", value);
    if (Number.isInteger(value) && !Number.isSafeInteger(value)) throw badValue(key, "must be below 2^53", value);
    return String(value);
  }
  if (typeof value !== "string") throw badValue(key, "must be text", value);
  if (value.includes("\0")) throw badValue(key, "cannot hold NUL", value);
  return value;
}

function badValue(key: string, must: string, value: unknown): FozzyUsageError {
  const shown = typeof value === "string" ? JSON.stringify(value) : String(value);
  return new FozzyUsageError("sdk.bad_value", `${key} ${must}, got ${shown}`);
}

function unknownOption(name: CommandName, key: string, known: readonly string[]): FozzyUsageError {
  const message = `${name} has no option ${JSON.stringify(key)}; it has ${[...known].sort().join(", ")}`;
  return new FozzyUsageError("sdk.unknown_option", message);
}

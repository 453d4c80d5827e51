/** What a program printed, judged: a result, or the error it is. */
import type { Child, End } from "./child.js";
import type { Ended, Result } from "./contract.js";
import { FozzyCommandError, FozzyCrashError, FozzyOutputError } from "./errors.js";
import { SCHEMA_VERSION } from "./generated/commands.js";
import type { ErrorDocument } from "./generated/documents.js";

const SHOWN_CHARS = 200;
const KNOWN = [0, 1, 2, 3, 4, 5, 6, 70, 130, 143]; // the exit statuses of fozzy
const ENVELOPE = ["schemaVersion", "command", "status", "error", "problems"];

/** How large one document, or one line of a stream, may be, in bytes. */
export const DOCUMENT_BYTES_MAX = 256 * 1024 * 1024;

/** A document with how its command ended. *Errors*: every `FozzyError` but those of starting. */
export function judged<T>(bytes: Uint8Array | undefined, child: Child, end: End): Result<T> {
  refuseCut(child, end);
  return judgedDocument<T>(bytes && parsed(decoded(bytes, child, end), child, end), child, end);
}

/** As `judged`, of what was parsed already. */
export function judgedDocument<T>(value: unknown, child: Child, end: End): Result<T> {
  const exitStatus = refuseCut(child, end);
  if (value === undefined) throw crashed("sdk.no_document", child, end, "printed no document");
  refuseStranger(value, child, end);
  if (isError(value)) throw new FozzyCommandError(value, about(child, end));
  if (!KNOWN.includes(exitStatus)) throw crashed("sdk.no_document", child, end, "nobody knows what that means");
  return withEnd(value, { exitStatus, stderr: child.stderr }) as Result<T>;
}

/** The exit status. *Errors*: `FozzyAbortError`, `FozzyCrashError` when it did not end by itself. */
export function refuseCut(child: Child, end: End): number {
  child.refuseAborted();
  if (end.exitStatus === null) throw crashed("sdk.killed", child, end, "its output is cut off");
  return end.exitStatus;
}

/** Add how a command ended to what it gave, without becoming part of it. */
export function withEnd<T extends object>(value: T, { exitStatus, stderr }: Ended): T & Ended {
  return Object.defineProperties(value, { exitStatus: { value: exitStatus }, stderr: { value: stderr } }) as T & Ended;
}

/** Text as JSON. *Errors*: `FozzyOutputError`. */
export function parsed(text: string, child: Child, end: End): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw bad("sdk.bad_json", `what it printed is no JSON: ${String(cause)}`, text, child, end);
  }
}

/** Bytes as text. *Errors*: `FozzyOutputError` when they are no UTF-8. */
export function decoded(bytes: Uint8Array, child: Child, end: End): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    const shown = Buffer.from(bytes.subarray(0, SHOWN_CHARS)).toString("latin1");
    throw bad("sdk.bad_json", "what it printed is no UTF-8", shown, child, end);
  }
}

/** The error of output that is larger than it may be. */
export function tooLarge(max: number, child: Child, end: End): FozzyOutputError {
  return bad("sdk.too_large", `it printed more than ${max} bytes`, "", child, end);
}

/** *Errors*: `FozzyOutputError` for what is no document of fozzy, or one in a form this package does not know. */
function refuseStranger(value: unknown, child: Child, end: End): asserts value is Record<string, unknown> {
  const isObject = typeof value === "object" && value !== null && !Array.isArray(value);
  if (!isObject || !("schemaVersion" in value || "$schema" in value)) {
    throw bad("sdk.bad_document", "what it printed is no document of fozzy", value, child, end);
  }
  if ("$schema" in value || ("schemaVersion" in value && value.schemaVersion === SCHEMA_VERSION)) return;
  const version = String((value as Record<string, unknown>).schemaVersion);
  const message = `its documents are of version ${version}, and this package reads ${SCHEMA_VERSION}: both must fit`;
  throw bad("sdk.other_version", message, value, child, end);
}

/** An error of the command itself; a run with the status `error` is a run all the same. */
function isError(value: Record<string, unknown>): value is Record<string, unknown> & ErrorDocument {
  const isEnvelope = Object.keys(value).every((key) => ENVELOPE.includes(key));
  return value.status === "error" && typeof value.error === "object" && value.error !== null && isEnvelope;
}

function crashed(code: string, child: Child, end: End, what: string): FozzyCrashError {
  const how = end.signal === null ? `ended with status ${end.exitStatus}` : `was ended by ${end.signal}`;
  const said = child.stderr.trim().split("\n").slice(-5).join("\n");
  return new FozzyCrashError(code, `fozzy ${how}: ${what}${said && `\n${said}`}`, about(child, end));
}

function bad(code: string, message: string, output: unknown, child: Child, end: End): FozzyOutputError {
  const text = typeof output === "string" ? output : JSON.stringify(output);
  return new FozzyOutputError(code, message, text.slice(0, SHOWN_CHARS), about(child, end));
}

function about(child: Child, end: End): { args: readonly string[]; stderr: string } & End {
  return { args: child.args, stderr: child.stderr, ...end };
}

/**
 * Every error a call can be rejected with. All are `FozzyError`s and have a stable `code`.
 *
 * A verdict is none of them: a failing scenario is a result with the status `fail`.
 */
import type { ErrorDocument, ProblemBody, Where } from "./generated/documents.js";

/** What is known of a command that did not do its work. */
export interface Circumstances {
  /** The words of the command line, without the program. */
  readonly args?: readonly string[];
  readonly exitStatus?: number | null;
  readonly signal?: string | null;
  readonly stderr?: string;
  readonly cause?: unknown;
}

/** Base of all errors of this package. */
export class FozzyError extends Error {
  override name = "FozzyError";
  /** What happened, as one stable word: `scenario.missing`, or `sdk.…` where the SDK found it. */
  readonly code: string;
  /** The words of the command line, without the program. */
  readonly args: readonly string[];
  /** The exit status; null when there was none: it did not start, or a signal ended it. */
  readonly exitStatus: number | null;
  /** The signal that ended it, such as `SIGKILL`; null when there was none. */
  readonly signal: string | null;
  /** What it said on stderr, at most the last 64 KiB. */
  readonly stderr: string;

  constructor(code: string, message: string, about: Circumstances = {}) {
    super(message, about.cause === undefined ? undefined : { cause: about.cause });
    this.code = code;
    this.args = about.args ?? [];
    this.exitStatus = about.exitStatus ?? null;
    this.signal = about.signal ?? null;
    this.stderr = about.stderr ?? "";
  }
}

/** The caller asked for what cannot be asked: `sdk.unknown_option`, `sdk.bad_value`, `sdk.no_stream`. Nothing ran. */
export class FozzyUsageError extends FozzyError {
  override name = "FozzyUsageError";
}

/** The program did not start: `sdk.not_found`, `sdk.not_permitted`, `sdk.not_started`. `cause` is the system's error. */
export class FozzySpawnError extends FozzyError {
  override name = "FozzySpawnError";
}

/** fozzy could not do what was asked and says why. `code` is fozzy's own: `fozzy explain CODE` tells more. */
export class FozzyCommandError extends FozzyError {
  override name = "FozzyCommandError";
  readonly document: ErrorDocument;

  constructor(document: ErrorDocument, about: Circumstances) {
    super(document.error.code, told(document), about);
    this.document = document;
  }

  /** What to do about it, if there is a thing to do. */
  get hint(): string | undefined {
    return this.document.error.hint ?? undefined;
  }

  /** Where it is. */
  get where(): Where | undefined {
    return this.document.error.where ?? undefined;
  }

  /** Every problem; the first is what this error is about. */
  get problems(): readonly ProblemBody[] {
    return this.document.problems;
  }
}

/** The program ended without a word: `sdk.killed` by a signal, `sdk.no_document` and `sdk.not_listening` by itself. */
export class FozzyCrashError extends FozzyError {
  override name = "FozzyCrashError";
}

/** What the program printed is no document: `sdk.bad_json`, `sdk.bad_document`, `sdk.other_version`, `sdk.too_large`. */
export class FozzyOutputError extends FozzyError {
  override name = "FozzyOutputError";
  /** How it begins. */
  readonly output: string;

  constructor(code: string, message: string, output: string, about: Circumstances) {
    super(code, message, about);
    this.output = output;
  }
}

/** The caller ended it: `sdk.aborted` by its signal, whose reason is the `cause`; `sdk.left` by leaving a stream. */
export class FozzyAbortError extends FozzyError {
  override name = "AbortError";
}

const PROBLEMS_MAX = 20; // as many as fozzy shows

function told(document: ErrorDocument): string {
  const problems = document.problems.length > 0 ? document.problems : [document.error];
  const lines = problems.slice(0, PROBLEMS_MAX).map(problem);
  if (problems.length > PROBLEMS_MAX) lines.push(`and ${problems.length - PROBLEMS_MAX} more`);
  return lines.join("\n");
}

function problem({ code, message, where, hint }: ProblemBody): string {
  const place = where ? `\n  --> ${[where.file, where.line, where.col].filter(Boolean).join(":")}` : "";
  return `[${code}] ${message}${place}${hint ? `\nhint: ${hint}` : ""}`;
}

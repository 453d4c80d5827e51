/**
 * Child: one run of the program. It is started without a shell, read as slowly as who asks for it, and never left behind.
 *
 * Rule 1: whatever happens, from a missing binary to a signal, is a rejection; no event is without a listener.
 * Rule 2: stdout is read only when somebody asks, so a slow reader holds the program up through the pipe; what is held
 * here is at most the pipe's worth. stderr is always read, and its end kept.
 * Rule 3: `stop` returns when the program has ended.
 */
import { type ChildProcessByStdio, spawn } from "node:child_process";
import type { Readable } from "node:stream";
import type { Environment } from "./contract.js";
import { FozzyAbortError, FozzySpawnError } from "./errors.js";

/** How long a program that is asked to stop may take, in milliseconds; then it is killed. */
export const STOP_MS_MAX = 5000;
const STDERR_BYTES_MAX = 64 * 1024;
const LEFT_OPEN_MS = 1000; // how long output may stay open after the program has ended: something it began holds it

type Process = ChildProcessByStdio<null, Readable, Readable>;

/** How a program ended. */
export interface End {
  readonly exitStatus: number | null;
  readonly signal: string | null;
}

/** What to start. */
export interface Program {
  readonly bin: readonly string[];
  readonly env: Environment;
}

const running = new Set<Process>();

/** This process ends now: what still runs is asked to end too, so that it can end what it began itself. */
function endAll(): void {
  for (const each of running) each.kill("SIGTERM");
}

function began(child: Process): void {
  if (running.size === 0) process.on("exit", endAll);
  running.add(child);
}

function ended(child: Process): void {
  if (running.delete(child) && running.size === 0) process.off("exit", endAll);
}

/** A program that was started. */
export class Child {
  /** The words it was started with. */
  readonly args: readonly string[];
  /** How it ended; never rejected. */
  readonly end: Promise<End>;
  readonly #child: Process;
  readonly #signal: AbortSignal | undefined;
  readonly #listeners = new Set<() => void>();
  #stderr: Buffer[] = [];
  #stderrBytes = 0;
  #hasEnded = false;
  #isStopped = false;
  #isAborted = false;

  private constructor(child: Process, args: readonly string[], signal: AbortSignal | undefined) {
    this.#child = child;
    this.args = args;
    this.#signal = signal;
    began(child);
    this.end = new Promise((resolve) => {
      child.once("exit", (exitStatus, by) => {
        this.#hasEnded = true;
        ended(child);
        this.#wake();
        void this.#closed().then(() => resolve({ exitStatus, signal: by }));
      });
    });
    for (const event of ["readable", "end", "close", "error"]) child.stdout.on(event, () => this.#wake());
    child.stderr.on("data", (chunk: Buffer) => this.#hear(chunk));
    child.stderr.on("error", () => {});
  }

  /** Start it. *Errors*: `FozzySpawnError`; `FozzyAbortError` when the signal was given already. */
  static async start(program: Program, args: readonly string[], signal?: AbortSignal): Promise<Child> {
    if (signal?.aborted) throw aborted(args, signal);
    const child = spawned(program, args);
    if (child.pid === undefined) {
      // without a process there may be no streams either
      throw notStarted(program, args, await new Promise((resolve) => child.once("error", resolve)));
    }
    child.on("error", () => {}); // also a kill that fails is told here; it ends or it does not
    const made = new Child(child, args, signal);
    const abort = (): void => {
      made.#isAborted = true;
      void made.stop();
    };
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    void made.end.then(() => signal?.removeEventListener("abort", abort));
    return made;
  }

  /** Its process. */
  get pid(): number {
    return this.#child.pid as number; // one without never becomes a Child
  }

  /** The end of what it said on stderr. */
  get stderr(): string {
    return Buffer.concat(this.#stderr).toString("utf8");
  }

  /** The next bytes of stdout; undefined at its end, or once it is stopped. */
  async read(): Promise<Buffer | undefined> {
    const { stdout } = this.#child;
    for (;;) {
      if (this.#isStopped) return undefined;
      const chunk = stdout.read() as Buffer | null;
      if (chunk !== null) return chunk;
      if (stdout.readableEnded || stdout.destroyed) return undefined;
      if (!(await this.#woken(this.#hasEnded ? LEFT_OPEN_MS : undefined))) stdout.destroy();
    }
  }

  /** Wait until something happens: output, an end, words on stderr. False when `ms` are over and nothing did. */
  #woken(ms?: number): Promise<boolean> {
    return new Promise((resolve) => {
      const timer = ms === undefined ? undefined : setTimeout(() => done(false), ms);
      const wake = (): void => done(true);
      const done = (woken: boolean): void => {
        clearTimeout(timer);
        this.#listeners.delete(wake);
        resolve(woken);
      };
      this.#listeners.add(wake);
    });
  }

  /** The first thing `look` finds in stderr; undefined when it ended before. */
  async said<T>(look: (stderr: string) => T | undefined): Promise<T | undefined> {
    for (;;) {
      const found = look(this.stderr);
      if (found !== undefined || this.#hasEnded) return found;
      await this.#woken();
    }
  }

  /** Ask it to end and to say how it went; it is killed when it takes too long. */
  terminate(): void {
    if (this.#hasEnded || this.#child.killed) return;
    this.#child.kill("SIGTERM");
    const timer = setTimeout(() => this.#child.kill("SIGKILL"), STOP_MS_MAX);
    this.#child.once("exit", () => clearTimeout(timer));
  }

  /** End it and read nothing more. Returns when it has ended. */
  async stop(): Promise<End> {
    this.#isStopped = true;
    this.#child.stdout.destroy(); // one that waits in a full pipe goes on, and fails to write
    this.terminate();
    this.#wake();
    return this.end;
  }

  /** *Errors*: `FozzyAbortError` when the caller's signal ended it. */
  refuseAborted(): void {
    if (this.#isAborted && this.#signal) throw aborted(this.args, this.#signal, this.stderr);
  }

  #wake(): void {
    for (const each of [...this.#listeners]) each();
  }

  #hear(chunk: Buffer): void {
    this.#stderr.push(chunk);
    this.#stderrBytes += chunk.length;
    if (this.#stderrBytes > 2 * STDERR_BYTES_MAX) {
      const kept = Buffer.concat(this.#stderr).subarray(-STDERR_BYTES_MAX);
      this.#stderr = [kept];
      this.#stderrBytes = kept.length;
    }
    this.#wake();
  }

  /** Wait until stderr is read to its end, unless something the program began holds it open. */
  async #closed(): Promise<void> {
    const { stderr } = this.#child;
    if (!stderr.closed) {
      await new Promise<void>((resolve) => {
        const timer = setTimeout(resolve, LEFT_OPEN_MS);
        stderr.once("close", () => {
          clearTimeout(timer);
          resolve();
        });
      });
    }
    stderr.destroy();
  }
}

function spawned({ bin, env }: Program, args: readonly string[]): Process {
  const [command = "", ...first] = bin;
  const variables = { ...process.env, ...env };
  try {
    return spawn(command, [...first, ...args], {
      env: variables,
      shell: false,
      stdio: ["ignore", "pipe", "pipe"],
      windowsHide: true,
    });
  } catch (error) {
    throw notStarted({ bin, env }, args, error);
  }
}

function notStarted({ bin }: Program, args: readonly string[], cause: unknown): FozzySpawnError {
  const errno = (cause as NodeJS.ErrnoException).code;
  const about = { args, cause };
  const name = bin.join(" ");
  if (errno === "ENOENT") {
    const message = `there is no program ${name}: install it with "pip install fozzy", or say with \`bin\` where it is`;
    return new FozzySpawnError("sdk.not_found", message, about);
  }
  if (errno === "EACCES" || errno === "EPERM") {
    return new FozzySpawnError("sdk.not_permitted", `${name} may not be executed (${errno})`, about);
  }
  return new FozzySpawnError("sdk.not_started", `${name} did not start: ${String(cause)}`, about);
}

function aborted(args: readonly string[], signal: AbortSignal, stderr = ""): FozzyAbortError {
  return new FozzyAbortError("sdk.aborted", "the call was aborted", { args, stderr, cause: signal.reason });
}

/**
 * EventStream: what a command tells while it works, one event after the other.
 *
 * The program is started by the first event that is asked for, and waits when nobody asks. Leaving the loop ends it, by
 * `break`, a throw or `return()`, and so does the signal.
 */
import { Child, type Program } from "./child.js";
import type { Result } from "./contract.js";
import { decoded, DOCUMENT_BYTES_MAX, judgedDocument, parsed, refuseCut } from "./documents.js";
import { FozzyAbortError } from "./errors.js";
import { type Line, linesOf } from "./lines.js";

/** What a stream is made of. */
export interface Source {
  readonly program: Program;
  readonly args: readonly string[];
  readonly signal: AbortSignal | undefined;
}

/** Events of the type `E`, and at the end the document `T` of the command. Iterated once. */
export class EventStream<T, E> implements AsyncIterableIterator<E> {
  readonly #source: () => Source;
  readonly #events: AsyncGenerator<E, void, void>;
  #child: Child | undefined;
  #end: { result: Result<T> } | { error: unknown } | undefined;

  /** `source` is called when the first event is asked for; what it throws is a rejection. */
  constructor(source: () => Source) {
    this.#source = source;
    this.#events = this.#read();
  }

  /** The next event. *Errors*: `FozzyError`s; the first one ends the stream. */
  next(): Promise<IteratorResult<E, void>> {
    return this.#events.next();
  }

  /** Leave the stream. Returns when the program has ended, also while an event is waited for. */
  async return(): Promise<IteratorResult<E, void>> {
    this.#end ??= { error: new FozzyAbortError("sdk.left", "the stream was left before its end") };
    await this.#child?.stop();
    return this.#events.return();
  }

  /** As `return`, and the error goes on. */
  async throw(error: unknown): Promise<IteratorResult<E, void>> {
    await this.return();
    throw error;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** As `return`: for `await using`. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.return();
  }

  /** The command's document. Events that were not read are skipped. *Errors*: what ended the stream. */
  async result(): Promise<Result<T>> {
    for (;;) {
      if (this.#end && "error" in this.#end) throw this.#end.error;
      if (this.#end) return this.#end.result;
      await this.next();
    }
  }

  async *#read(): AsyncGenerator<E, void, void> {
    let child: Child | undefined;
    try {
      const { program, args, signal } = this.#source();
      child = await Child.start(program, args, signal);
      this.#child = child;
      if (this.#end) return; // it was left while the program started
      let document: unknown;
      for await (const line of linesOf(child, DOCUMENT_BYTES_MAX)) {
        const value = await this.#value(line, child);
        if (!isEvent(value)) document = value; // the summary; after it there may only be an error
        else {
          yield value as E;
          child.refuseAborted(); // what came before it was aborted is not told after it
        }
      }
      this.#end ??= { result: judgedDocument<T>(document, child, await child.end) };
    } catch (error) {
      this.#end ??= { error };
      if ("error" in this.#end && this.#end.error === error) throw error;
    } finally {
      this.#end ??= { error: new FozzyAbortError("sdk.left", "the stream was left before its end") };
      await child?.stop();
    }
  }

  /** A line as JSON. *Errors*: `FozzyOutputError`; another where it is cut off because the program was. */
  async #value({ bytes, isWhole }: Line, child: Child): Promise<unknown> {
    const end = isWhole ? { exitStatus: null, signal: null } : await child.end;
    if (!isWhole) refuseCut(child, end);
    return parsed(decoded(bytes, child, end), child, end);
  }
}

function isEvent(value: unknown): boolean {
  return typeof value === "object" && value !== null && "kind" in value && !("schemaVersion" in value);
}

/**
 * Fozzy: a method for every command of `fozzy`, each of which is the command with `--json` and its document as a result.
 *
 * A verdict is a result, whatever it is. What kept the command from its work is a `FozzyError`.
 */
import { Child, type Program } from "./child.js";
import type { CallOptions, Environment, Printed, Result } from "./contract.js";
import { decoded, DOCUMENT_BYTES_MAX, judged, refuseCut, withEnd } from "./documents.js";
import { FozzyUsageError } from "./errors.js";
import { type CommandName, Commands, type Place } from "./generated/commands.js";
import type { Summary, TraceRecord } from "./generated/documents.js";
import { wholeOf } from "./lines.js";
import { RunningProxy } from "./proxy.js";
import { EventStream } from "./stream.js";
import { streamWords, wordsOf } from "./words.js";

/** Where fozzy is and what it works on. */
export interface FozzyOptions {
  /** The program: `fozzy`, a path, or a program with its first words as `["python3", "-m", "fozzy"]`. Without it, the
   * variable `FOZZY_BIN`, else `fozzy` on the path. */
  readonly bin?: string | readonly string[];
  /** The folder it works in; this process's without it. */
  readonly cwd?: string;
  /** The configuration file; the nearest `fozzy.toml` upward without it. */
  readonly config?: string;
  /** Variables over those of this process; `undefined` takes one away. */
  readonly env?: Environment;
}

type Options = Readonly<Record<string, unknown>> & CallOptions;

/** A client of the program. It holds nothing open; make as many calls at once as you like. */
export class Fozzy extends Commands {
  readonly #options: FozzyOptions;

  constructor(options: FozzyOptions = {}) {
    super();
    this.#options = options;
  }

  /**
   * Every event of a command as it happens: `stream(["run", "pay.fozzy.json", "--seed", "7"])`.
   *
   * The words are those of `run`, `test`, `replay`, `proxy http` or `proxy tcp`, with the client's folder and
   * configuration behind them; `streamRun` and its like take typed options.
   */
  stream(args: readonly string[], options: CallOptions = {}): EventStream<Summary, StreamedEvent> {
    return new EventStream(() => {
      const words = streamWords(args);
      return { program: this.#program(options), args: this.#placed(words), signal: options.signal };
    });
  }

  /** What a command prints for people, or anything this class has no method for. *Errors*: as of every method. */
  async exec(args: readonly string[], options: CallOptions = {}): Promise<Printed> {
    const child = await Child.start(this.#program(options), this.#placed(args), options.signal);
    const bytes = await wholeOf(child, DOCUMENT_BYTES_MAX);
    const end = await child.end;
    const exitStatus = refuseCut(child, end);
    const stdout = decoded(bytes ?? new Uint8Array(), child, end);
    return withEnd({ stdout }, { exitStatus, stderr: child.stderr });
  }

  protected async call<T>(name: CommandName, places: readonly Place[], options: Options): Promise<Result<T>> {
    const args = wordsOf(name, places, this.#with(options), "--json");
    const child = await Child.start(this.#program(options), args, options.signal);
    const bytes = await wholeOf(child, DOCUMENT_BYTES_MAX);
    return judged<T>(bytes, child, await child.end);
  }

  protected async start<T>(name: CommandName, places: readonly Place[], options: Options): Promise<RunningProxy<T>> {
    const args = wordsOf(name, places, this.#with(options), "--json");
    const child = await Child.start(this.#program(options), args, options.signal);
    return RunningProxy.of<T>(child);
  }

  protected follow<T, E>(name: CommandName, places: readonly Place[], options: Options): EventStream<T, E> {
    return new EventStream(() => {
      const args = wordsOf(name, places, this.#with(options));
      return { program: this.#program(options), args: streamWords(args), signal: options.signal };
    });
  }

  /** Options with the client's folder and configuration, unless they have their own. */
  #with(options: Options): Options {
    const { cwd, config } = this.#options;
    return { ...options, cwd: options.cwd ?? cwd, config: options.config ?? config };
  }

  /** Words with the client's folder and configuration before them, unless they have their own. */
  #placed(args: readonly string[]): string[] {
    const own = (flag: string): boolean => args.some((word) => word === flag || word.startsWith(`${flag}=`));
    const given = Object.entries({ "--cwd": this.#options.cwd, "--config": this.#options.config });
    return [...given.flatMap(([flag, value]) => (value === undefined || own(flag) ? [] : [`${flag}=${value}`])), ...args];
  }

  /** What to start. *Errors*: `FozzyUsageError`. */
  #program({ env }: CallOptions): Program {
    const variables = { ...this.#options.env, ...env };
    const named = "FOZZY_BIN" in variables ? variables.FOZZY_BIN : process.env.FOZZY_BIN;
    const bin = [this.#options.bin ?? (named || "fozzy")].flat();
    if (!bin[0] || bin.some((word) => typeof word !== "string" || word.includes("\0"))) {
      throw new FozzyUsageError("sdk.bad_value", `bin names no program: ${JSON.stringify(bin)}`);
    }
    return { bin, env: variables };
  }
}

/** An event of a stream. `scenario` is whose it is, `n` its number; a proxy's have neither, a replay's have no `scenario`. */
export type StreamedEvent = TraceRecord & { scenario?: string; n?: number };

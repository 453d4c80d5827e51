/** RunningProxy: a proxy that stands until it is stopped. */
import type { Child } from "./child.js";
import type { Result } from "./contract.js";
import { DOCUMENT_BYTES_MAX, judged } from "./documents.js";
import { FozzyCrashError } from "./errors.js";
import { wholeOf } from "./lines.js";

const LISTENS = /^ {2}\S.*? {2}(\S+:\d+) -> /gm; // as the screen says it, one line for each; names may have spaces
const SEVERAL = /^ +fozzy proxy {2}(\d+) proxies/m;
const CONTROL = /^ +fozzy proxy {2}.* control (\S+:\d+)/m;

/** A proxy that listens. Stop it, or use `await using`; it ends with this process too. */
export class RunningProxy<T> {
  /** Where it listens, `host:port`; of several proxies all, in the order they were given; of controls alone none. */
  readonly addresses: readonly string[];
  /** Where its control API is, when one was asked for. */
  readonly control: string | undefined;
  readonly #child: Child;
  readonly #ended: Promise<Result<T>>;

  private constructor(child: Child, ended: Promise<Result<T>>, opened: Opened) {
    this.#child = child;
    this.#ended = ended;
    this.addresses = opened.addresses;
    this.control = opened.control;
  }

  /** A proxy once it listens. *Errors*: `FozzyError`s, when it does not come to that. */
  static async of<T>(child: Child): Promise<RunningProxy<T>> {
    const ended = whole<T>(child);
    ended.catch(() => {}); // whoever asks is told
    const opened = await child.said(openedOf);
    if (opened === undefined) {
      const { exitStatus, stderr } = await ended;
      const message = "the proxy ended without having listened";
      throw new FozzyCrashError("sdk.not_listening", message, { args: child.args, exitStatus, stderr });
    }
    return new RunningProxy<T>(child, ended, opened);
  }

  /** Where it listens; empty where there are only controls yet. */
  get listen(): string {
    return this.addresses[0] ?? "";
  }

  /** The process of the proxy. */
  get pid(): number {
    return this.#child.pid;
  }

  /** Its document, when it has ended, whoever ended it. *Errors*: `FozzyError`s. */
  ended(): Promise<Result<T>> {
    return this.#ended;
  }

  /** End it and say what it did. On Windows it cannot be asked, only ended: `sdk.killed`. *Errors*: `FozzyError`s. */
  stop(): Promise<Result<T>> {
    this.#child.terminate();
    return this.#ended;
  }

  /** As `stop`, and how it went is nobody's business. */
  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop().catch(() => {});
  }
}

interface Opened {
  readonly addresses: readonly string[];
  readonly control: string | undefined;
}

async function whole<T>(child: Child): Promise<Result<T>> {
  const bytes = await wholeOf(child, DOCUMENT_BYTES_MAX);
  return judged<T>(bytes, child, await child.end);
}

/** Where proxies listen, once all have said so. */
function openedOf(stderr: string): Opened | undefined {
  const addresses = [...stderr.matchAll(LISTENS)].map((found) => found[1] as string);
  const count = Number(SEVERAL.exec(stderr)?.[1] ?? 1);
  return addresses.length < count ? undefined : { addresses, control: CONTROL.exec(stderr)?.[1] };
}

/** A scenario as a test of whatever runs tests: it fails with the screen people see, and the command that replays it. */
import { STOP_MS_MAX } from "./child.js";
import { Fozzy } from "./client.js";
import type { Result } from "./contract.js";
import { FozzyAbortError } from "./errors.js";
import type { TestOptions } from "./generated/commands.js";
import type { Finding, Summary } from "./generated/documents.js";

const SCENARIO_MS_MAX = 60_000; // how long a scenario may take as a test, unless it says so
const GRACE_MS = 2 * STOP_MS_MAX; // what a runner has to wait longer, so that fozzy is gone before it gives up

/** Options of a scenario as a test: those of `fozzy test`, and these. */
export interface ScenarioOptions extends TestOptions {
  /** The client; one made with nothing said without it. */
  fozzy?: Fozzy;
  /** How long the test may take, in milliseconds; a minute without it. */
  timeoutMs?: number;
}

/** What a test runs, and how long its runner has to wait for it, in milliseconds. */
export interface TestBody {
  readonly body: (signal?: AbortSignal) => Promise<void>;
  readonly waitMs: number;
}

/** A test of this name that runs this scenario, folder or kept trace. */
export type Scenario = (name: string, path: string, options?: ScenarioOptions) => void;

/** A scenario did not end as it should. The message is the screen, with the commands that replay and shrink it. */
export class ScenarioFailure extends Error {
  override name = "ScenarioFailure";
  readonly summary: Result<Summary>;
  /** The command that does it again, exactly and without the outside world. */
  readonly replay: string;

  constructor(path: string, summary: Result<Summary>, screen: string, replay: string) {
    const again = screen.includes("fozzy replay ") || !replay ? "" : `\n\n  next  ${replay}`;
    super(`${path}: ${summary.tests?.failed ? summary.status : "nothing ran"}\n\n${screen.trimEnd()}${again}\n`);
    this.summary = summary;
    this.replay = replay;
  }
}

/** Run a scenario. *Errors*: `ScenarioFailure` when it did not pass; `FozzyError`s when it could not run. */
export async function runScenario(path: string, options: ScenarioOptions = {}): Promise<Result<Summary>> {
  const { fozzy = new Fozzy(), timeoutMs: _, ...others } = options;
  const summary = await fozzy.test(path, others);
  if (summary.exitStatus === 0) return summary;
  const { runId, tracePath } = summary.identity;
  const place = ["cwd", "config"] as const;
  const flags = place.flatMap((flag) => (others[flag] === undefined ? [] : [`--${flag}=${others[flag]}`]));
  const { signal: _signal, ...surroundings } = others;
  const shown = await fozzy.exec(["report", "show", runId, "--color=never", ...flags], surroundings).catch(() => undefined);
  const replay = tracePath === undefined ? "" : `fozzy replay ${runId}`;
  throw new ScenarioFailure(path, summary, shown?.stdout || findings(summary), replay);
}

/** The test of a scenario. It ends fozzy itself when it takes too long, and says so; a runner would only give up. */
export function testBody(path: string, options: ScenarioOptions = {}): TestBody {
  const { timeoutMs = SCENARIO_MS_MAX } = options;
  const body = async (given?: AbortSignal): Promise<void> => {
    const late = AbortSignal.timeout(timeoutMs);
    const signal = firstOf([late, options.signal, given]);
    try {
      await runScenario(path, { ...options, signal });
    } catch (error) {
      if (!(error instanceof FozzyAbortError) || !late.aborted) throw error;
      const { args, stderr, cause } = error;
      const message = `${path}: it did not end within ${timeoutMs} ms, which timeoutMs can change`;
      throw new FozzyAbortError(error.code, message, { args, stderr, cause });
    }
  };
  return { body, waitMs: timeoutMs + GRACE_MS };
}

/** A signal that is given with the first of several. */
function firstOf(signals: readonly (AbortSignal | undefined)[]): AbortSignal {
  const aborting = new AbortController();
  for (const each of signals) {
    const abort = (): void => aborting.abort(each?.reason);
    if (each?.aborted) abort();
    else each?.addEventListener("abort", abort, { once: true, signal: aborting.signal });
  }
  return aborting.signal;
}

/** What there is to say when the screen cannot be had. */
function findings(summary: Summary): string {
  return (summary.findings ?? []).map(finding).join("\n") || (summary.warnings ?? []).join("\n");
}

function finding({ title, message, location }: Finding): string {
  const place = location ? `\n    --> ${location.file}:${location.line}:${location.col}` : "";
  return `  ${title}: ${message}${place}`;
}

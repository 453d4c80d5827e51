/** What every call takes and gives, besides what belongs to its command. */

/** Variables over those of this process; `undefined` takes one away. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** Options of a call that are not the command's. */
export interface CallOptions {
  /** Ends the command: it is asked to stop, and killed when it does not within five seconds. The call is rejected. */
  signal?: AbortSignal;
  /** Variables for this call, over those of the client. */
  env?: Environment;
}

/** How a command ended. Not enumerable: as JSON a result is the command's document and nothing else. */
export interface Ended {
  /** 0 pass, 1 fail, 2 unusable input, 3 timeout, 4 crash, 5 nothing ran, 6 evidence that cannot be trusted. */
  readonly exitStatus: number;
  /** What it said on stderr, at most the last 64 KiB. */
  readonly stderr: string;
}

/** A command's document, and how it ended. */
export type Result<T> = T & Ended;

/** What a command printed, as text. */
export interface Printed extends Ended {
  readonly stdout: string;
}

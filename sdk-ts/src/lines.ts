/** The output of a program, read to its end or line by line, within limits. */
import type { Child } from "./child.js";
import { tooLarge } from "./documents.js";

const NEWLINE = 10;

/** All of stdout; undefined for nothing. *Errors*: `FozzyOutputError`, and the program is ended. */
export async function wholeOf(child: Child, max: number): Promise<Buffer | undefined> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for (let chunk = await child.read(); chunk !== undefined; chunk = await child.read()) {
    chunks.push(chunk);
    bytes += chunk.length;
    if (bytes > max) throw tooLarge(max, child, await child.stop());
  }
  return bytes === 0 ? undefined : Buffer.concat(chunks);
}

/** A line without its end; what stands behind the last end of a line is not whole. */
export interface Line {
  readonly bytes: Buffer;
  readonly isWhole: boolean;
}

/** Each line. *Errors*: as `wholeOf`, for a line that is too long. */
export async function* linesOf(child: Child, max: number): AsyncGenerator<Line, void, void> {
  let begun: Buffer[] = []; // a line that is not whole yet
  let bytes = 0;
  for (let chunk = await child.read(); chunk !== undefined; chunk = await child.read()) {
    let from = 0;
    for (let at = chunk.indexOf(NEWLINE); at >= 0; at = chunk.indexOf(NEWLINE, from)) {
      yield { bytes: Buffer.concat([...begun, chunk.subarray(from, at)]), isWhole: true };
      begun = [];
      bytes = 0;
      from = at + 1;
    }
    if (from < chunk.length) begun.push(chunk.subarray(from));
    bytes += chunk.length - from;
    if (bytes > max) throw tooLarge(max, child, await child.stop());
  }
  if (bytes > 0) yield { bytes: Buffer.concat(begun), isWhole: false };
}

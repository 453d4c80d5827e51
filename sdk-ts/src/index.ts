/** fozzy from TypeScript and JavaScript: run, record, replay and shrink scenarios. */
export { Fozzy, type FozzyOptions, type StreamedEvent } from "./client.js";
export type { CallOptions, Ended, Environment, Printed, Result } from "./contract.js";
export {
  type Circumstances,
  FozzyAbortError,
  FozzyCommandError,
  FozzyCrashError,
  FozzyError,
  FozzyOutputError,
  FozzySpawnError,
  FozzyUsageError,
} from "./errors.js";
export type { ChaosTcpFile } from "./generated/chaos-tcp.js";
export type { ChaosFile } from "./generated/chaos.js";
export * from "./generated/commands.js";
export type { ConfigFile } from "./generated/config.js";
export type * as documents from "./generated/documents.js";
export type { ErrorDocument, Finding, ProblemBody, Summary, TraceRecord } from "./generated/documents.js";
export type { ScenarioFile } from "./generated/scenario.js";
export { RunningProxy } from "./proxy.js";
export { EventStream } from "./stream.js";
export { runScenario, ScenarioFailure, type ScenarioOptions } from "./testing.js";

import type { GridHop } from '../stream/grid.js';
import type { RunTask } from '../stream/run-plan.js';
import type { Handle, Lane, StepResult } from '../runtime/lane.js';

/** One run's work on one hop, as it enters the stages. */
export type HopWork = {
  /** Names the session in the lane. */
  readonly sessionKey: string;
  readonly lane: Lane;
  readonly task: RunTask;
  readonly pictures: GridHop;
  /** The hop's first audio frame. */
  readonly position: number;
  /** The last work of its hop. */
  readonly endsHop: boolean;
};

/** With the encoders' features, aligned in time. */
export type EncodedWork = HopWork & { readonly features: Handle };

/** With one sequence made of them; absent where the run only primes its encoders. */
export type FusedWork = EncodedWork & { readonly fused: Handle | undefined };

/** With the hop in the language of sound; absent where the run does not sound yet. */
export type MappedWork = FusedWork & { readonly tokens: Handle | undefined };

/** With latents. */
export type GeneratedWork = MappedWork & { readonly latents: Handle | undefined };

/** With the sound, as soon as it has been computed. */
export type DecodedWork = GeneratedWork & { readonly sound: Promise<StepResult> | undefined };

/** The key of the state that a run carries from hop to hop. */
export function runKeyOf(work: HopWork): string {
  return `${work.sessionKey}/run-${work.task.run}`;
}

/** Whether the run sounds in this hop. */
export function isSounding(work: HopWork): boolean {
  return work.task.role === 'body' || work.task.role === 'tail';
}

import { concatMap, type OperatorFunction } from 'rxjs';
import type { Lane } from '../runtime/lane.js';
import type { GridHop } from '../stream/grid.js';
import type { RunPlan } from '../stream/run-plan.js';
import type { HopWork } from './hop-work.js';

export type PlanRunsOptions = {
  readonly sessionKey: string;
  readonly plan: RunPlan;
  /** Runs before this one do not take part. */
  readonly firstRun: number;
  /** Each run stays in one lane; successive runs take turns. */
  readonly lanes: readonly Lane[];
  readonly hopFrames: number;
};

/** Divides each hop into the works of the runs that need it, oldest run first. */
export function planRuns(options: PlanRunsOptions): OperatorFunction<GridHop, HopWork> {
  const { sessionKey, plan, firstRun, lanes, hopFrames } = options;
  return concatMap((pictures): HopWork[] => {
    const tasks = plan.tasksAt(pictures.hop, firstRun);
    return tasks.map((task, i) => ({
      sessionKey,
      task,
      pictures,
      position: pictures.hop * hopFrames,
      lane: lanes[task.run % lanes.length]!,
      endsHop: i === tasks.length - 1,
    }));
  });
}

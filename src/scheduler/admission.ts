/** What one session asks of its lane. */
export type SessionLoad = {
  /** What a hop costs to compute, on the pessimistic side. Unit: ms. */
  readonly hopCostMs: number;
  /** How often: a hop's length. Unit: ms. */
  readonly hopMs: number;
};

export type AdmissionOptions = {
  /** Lanes that the newcomer may use, with what each bears now. */
  readonly lanes: readonly (readonly SessionLoad[])[];
  readonly newcomer: SessionLoad;
  /** What all lanes of the machine bear now, those of other bundles included. */
  readonly machine: readonly SessionLoad[];
  /** Cores that may be spent on lanes. */
  readonly cores: number;
};

/** Whether a session can be held, and on which lane. */
export type Admission =
  | { readonly isGranted: true; readonly lane: number }
  | { readonly isGranted: false; readonly load: number; readonly limit: number };

/**
 * The share of a lane, and of the cores, that may be promised. What is left bears stalls, anchors (where two runs
 * overlap) and what the forecast does not know. EDF on one lane meets all deadlines below a share of 1.
 */
const LANE_LIMIT = 0.7;

/**
 * Decides whether a new session can be held without hurting the others, before it begins; on the lane that bears least.
 * Pure.
 */
export function admit({ lanes, newcomer, machine, cores }: AdmissionOptions): Admission {
  const loads = lanes.map(shareOf);
  const lane = loads.indexOf(Math.min(...loads));
  const more = shareOf([newcomer]);
  const load = (loads[lane] ?? 0) + more;
  if (lane < 0 || load > LANE_LIMIT) return { isGranted: false, load, limit: LANE_LIMIT };
  const machineLoad = shareOf(machine) + more;
  const machineLimit = LANE_LIMIT * cores;
  if (machineLoad > machineLimit) return { isGranted: false, load: machineLoad, limit: machineLimit };
  return { isGranted: true, lane };
}

/** The share of a core that these sessions fill. */
export function shareOf(sessions: readonly SessionLoad[]): number {
  return sessions.reduce((sum, { hopCostMs, hopMs }) => sum + hopCostMs / hopMs, 0);
}

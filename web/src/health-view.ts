import type { StreamReport } from '../../src/live/stream-report.js';
import { delayWords } from './delay-parts.js';
import { create, node, setText } from './element.js';

type Counter = {
  readonly id: string;
  readonly label: string;
  readonly value: (report: StreamReport, concealedMs: number) => string;
  /** Whether it is something to look at. */
  readonly isBad?: (report: StreamReport, concealedMs: number) => boolean;
};

const COUNTERS: readonly Counter[] = [
  {
    id: 'underruns',
    label: 'Underruns',
    value: ({ underruns, underrunMs }) =>
      underruns === 0 ? '0' : `${underruns} · ${delayWords(underrunMs)}`,
    isBad: ({ underruns }) => underruns > 0,
  },
  {
    id: 'deadline-misses',
    label: 'Late chunks',
    value: ({ deadlineMisses }) => String(deadlineMisses),
    isBad: ({ deadlineMisses }) => deadlineMisses > 0,
  },
  {
    id: 'dropped',
    label: 'Dropped frames',
    value: ({ picture }) => String(picture.droppedFrames),
    isBad: ({ picture }) => picture.droppedFrames > 0,
  },
  {
    id: 'steps-now',
    label: 'Steps now',
    value: ({ stepsNow, settings }) => `${stepsNow} of ${settings.steps}`,
    isBad: ({ stepsNow, settings }) => stepsNow < settings.steps,
  },
  { id: 'steps-changes', label: 'Steps changed', value: ({ stepsChanges }) => `${stepsChanges} ×` },
  {
    id: 'lane-restarts',
    label: 'Lane restarts',
    value: ({ laneRestarts }) => String(laneRestarts),
    isBad: ({ laneRestarts }) => laneRestarts > 0,
  },
  {
    id: 'concealed',
    label: 'Lost on the way',
    value: (_, concealedMs) => delayWords(concealedMs),
    isBad: (_, concealedMs) => concealedMs >= 20,
  },
  {
    id: 'picture-size',
    label: 'Picture',
    value: ({ picture: { width, height, framesPerSecond } }) =>
      `${width}×${height} · ${Math.round(framesPerSecond)}/s`,
  },
];

/** The counters: what went wrong so far, and what runs now. */
export class HealthView {
  readonly #values = new Map<string, HTMLElement>();

  constructor() {
    for (const { id, label } of COUNTERS) {
      const value = create('dd', 'figure', '–');
      value.dataset['testid'] = id;
      this.#values.set(id, value);
      const row = create('div');
      row.append(create('dt', '', label), value);
      node('counters').append(row);
    }
  }

  show(report: StreamReport | undefined, concealedMs: number): void {
    let bad = 0;
    for (const { id, value, isBad } of COUNTERS) {
      const target = this.#values.get(id)!;
      setText(target, report ? value(report, concealedMs) : '–');
      const isMarked = report !== undefined && (isBad?.(report, concealedMs) ?? false);
      target.parentElement!.classList.toggle('is-bad', isMarked);
      if (isMarked) bad += 1;
    }
    setText(node('health-words'), report ? healthWords(report, bad) : 'nothing runs');
  }
}

/** Of the newest chunks, so many late ones are no accident. */
const LATE_SHARE = 0.3;

function healthWords({ recentHops, settings }: StreamReport, bad: number): string {
  const late = recentHops.filter(({ slackMs }) => slackMs < 0).length;
  if (recentHops.length >= 10 && late > LATE_SHARE * recentHops.length) {
    return settings.steps > 1
      ? 'the server cannot keep up: fewer steps may help'
      : 'the server cannot keep up';
  }
  return bad === 0 ? 'all is well' : 'since this stream began';
}

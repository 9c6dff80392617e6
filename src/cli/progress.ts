import type { RenderProgress } from './render-file.js';

/** Shows how far a render is, on standard error. */
export type ProgressView = { readonly update: (progress: RenderProgress) => void; readonly end: () => void };

/** Where nobody watches a bar, a line for each tenth is enough; without a known end, one every ten seconds of sound. */
const LINE_SHARE = 0.1;
const LINE_SECONDS = 10;

/** A bar with the time left on a terminal, plain lines elsewhere. */
export async function createProgressView(stream: NodeJS.WriteStream): Promise<ProgressView> {
  return stream.isTTY ? createBar(stream) : createLines(stream);
}

async function createBar(stream: NodeJS.WriteStream): Promise<ProgressView> {
  const { Presets, SingleBar } = await import('cli-progress');
  const bar = new SingleBar(
    {
      stream,
      format: 'Rendering {bar} {percentage} % | {value} of {total} s | {eta_formatted} left',
      hideCursor: true,
      clearOnComplete: true,
      etaBuffer: 200,
      fps: 5,
      autopadding: true,
    },
    Presets.shades_classic,
  );
  let isStarted = false;
  return {
    update: ({ doneSeconds, totalSeconds }) => {
      const total = Math.ceil(totalSeconds ?? doneSeconds);
      if (!isStarted) bar.start(total, 0);
      isStarted = true;
      bar.setTotal(total);
      bar.update(Math.min(total, Math.floor(doneSeconds)));
    },
    end: () => {
      if (isStarted) bar.stop();
    },
  };
}

function createLines(stream: NodeJS.WriteStream): ProgressView {
  let nextSeconds = 0;
  return {
    update: ({ doneSeconds, totalSeconds }) => {
      if (doneSeconds < nextSeconds) return;
      const stepSeconds = totalSeconds === undefined ? LINE_SECONDS : totalSeconds * LINE_SHARE;
      if (nextSeconds > 0) {
        const share = totalSeconds === undefined ? '' : ` of ${totalSeconds.toFixed(1)} s`;
        stream.write(`Rendered ${doneSeconds.toFixed(1)} s${share}\n`);
      }
      nextSeconds = (Math.floor(doneSeconds / stepSeconds) + 1) * stepSeconds;
    },
    end: () => undefined,
  };
}

/** Frames without a file: a square that bounces over noise, so that encoders, mapper and flow have something to do. */
import { MEDIA_RATE } from 'livefoley';

const FRAME_RATE = 30;

/**
 * @param {{ width: number, height: number }} size
 * @param {number} seconds Infinity for an endless source
 * @returns {AsyncGenerator<import('livefoley').VideoFrame>}
 */
export async function* drawFrames(size, seconds) {
  const backdrop = Uint8Array.from(
    { length: size.width * size.height * 3 },
    (_, i) => 60 + ((i * 2654435761) >>> 27),
  );
  for (let i = 0; i < seconds * FRAME_RATE; i += 1) {
    const data = backdrop.slice();
    const fall = (i % 15) / 15;
    const top = Math.floor((size.height * 2 * fall * fall) / 3);
    const left = Math.floor(size.width / 3);
    for (let y = top; y < top + size.height / 4; y += 1) {
      const row = Math.floor(y) * size.width + left;
      data.fill(230, row * 3, (row + Math.floor(size.width / 4)) * 3);
    }
    yield { position: Math.round((i * MEDIA_RATE) / FRAME_RATE), ...size, format: 'rgb24', data };
  }
}

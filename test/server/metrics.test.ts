import { describe, expect, it } from 'vitest';

import { TimeBins, type LiveMetrics } from '../../src/live/live-metrics.js';
import { ask, serve, type Served } from './server-fixture.js';

const SAMPLE =
  /^([a-zA-Z_:][\w:]*)(?:\{((?:\w+="(?:[^"\\\n]|\\.)*",?)*)\})? (NaN|[+-]Inf|-?[\d.]+(?:e[+-]?\d+)?)$/;

/** Values by name and labels, as Prometheus reads them; each has a TYPE before it. */
async function scrape(served: Served): Promise<Map<string, number>> {
  const answer = await ask(served, { method: 'GET', url: '/metrics' });
  expect(answer.headers['content-type']).toMatch(/^text\/plain; version=0\.0\.4/);
  const values = new Map<string, number>();
  const typed = new Set<string>();
  for (const line of answer.body.split('\n').filter((each) => each !== '')) {
    const type = /^# TYPE (\S+) (gauge|counter|histogram)$/.exec(line);
    if (type?.[1] !== undefined) typed.add(type[1]);
    if (line.startsWith('#')) continue;
    const [, name = '', labels = '', value = ''] = SAMPLE.exec(line) ?? [];
    expect(name, line).not.toBe('');
    expect(typed.has(name) || typed.has(name.replace(/_(bucket|sum|count)$/, '')), line).toBe(true);
    expect(values.has(`${name}{${labels}}`), line).toBe(false);
    values.set(`${name}{${labels}}`, Number(value));
  }
  return values;
}

describe('/metrics', () => {
  it('shows process, event loop and each stream, until it ends', async () => {
    const served = await serve();
    served.host.add('s');
    const values = await scrape(served);
    expect(Object.fromEntries(values)).toMatchObject({
      'livefoley_streams{state="live"}': 1,
      'livefoley_streams{state="lost"}': 0,
      'livefoley_listeners{}': 1,
      'livefoley_stream_delay_seconds{stream="s"}': 0.165,
      'livefoley_stream_deadline_misses_total{stream="s"}': 1,
      'livefoley_stream_underruns_total{stream="s"}': 2,
      'livefoley_stream_underrun_seconds_total{stream="s"}': 0.03,
      'livefoley_stream_steps_changes_total{stream="s"}': 3,
      'livefoley_stream_lane_restarts_total{stream="s"}': 1,
      'livefoley_stream_dropped_pictures_total{stream="s"}': 4,
      'livefoley_stream_hop_compute_seconds{stream="s",quantile="0.95"}': 0.012,
      'livefoley_memory_bytes{kind="rss"}': expect.any(Number),
      'livefoley_event_loop_delay_seconds{quantile="0.99"}': expect.any(Number),
    });
    served.host.remove('s');
    expect([...(await scrape(served)).keys()].join('\n')).not.toContain('stream="s"');
  });

  it('does not add up from scrape to scrape', async () => {
    const served = await serve();
    served.host.add('s');
    await scrape(served);
    expect((await scrape(served)).get('livefoley_stream_underruns_total{stream="s"}')).toBe(2);
  });

  it('shows at most as many streams as there may be', async () => {
    const served = await serve({ maxSessions: 3 });
    const sizes: number[] = [];
    for (let i = 0; i < 50; i += 1) {
      served.host.add(`stream-${i}`);
      if (i >= 3) sizes.push((await scrape(served)).size);
    }
    expect(new Set(sizes).size).toBe(1);
  });

  it('shows the stages where the engine counts them', async () => {
    const encode = new TimeBins();
    for (const ms of [0.2, 3, 3, 5_000]) encode.add(ms);
    const live: LiveMetrics = {
      stageTimes: new Map([['encode', encode]]),
      queueDrops: new Map([['pictures', 5]]),
      pacerLateness: new TimeBins(),
      peers: 3,
    };
    const values = await scrape(await serve({}, { metrics: () => live }));
    expect(Object.fromEntries(values)).toMatchObject({
      'livefoley_stage_compute_seconds_bucket{le="0.0005",stage="encode"}': 1,
      'livefoley_stage_compute_seconds_bucket{le="0.004",stage="encode"}': 3,
      'livefoley_stage_compute_seconds_bucket{le="1",stage="encode"}': 3,
      'livefoley_stage_compute_seconds_bucket{le="+Inf",stage="encode"}': 4,
      'livefoley_stage_compute_seconds_count{stage="encode"}': 4,
      'livefoley_stage_compute_seconds_sum{stage="encode"}': 5.0062,
      'livefoley_queue_drops_total{queue="pictures"}': 5,
      'livefoley_sessions{}': 3,
    });
  });
});

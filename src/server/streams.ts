import type { StreamHost } from '../live/stream-host.js';
import { HttpProblem } from './http-problem.js';
import { assertContentType } from './media-types.js';
import { readChange } from './read-settings.js';
import type { Resources } from './resource.js';
import { readStreamName } from './stream-name.js';

const JSON_TYPE = 'application/json';

/** Adds what says how streams do and changes their settings: `/streams`, `/streams/:stream`, `/bundles`. */
export function addStreams(resources: Resources, host: StreamHost): void {
  resources.add({ url: '/streams', operations: { get: () => host.streams() } });
  resources.add({
    url: '/streams/:stream',
    operations: {
      get: ({ params }) => {
        const name = readStreamName(params);
        const report = host.streams().find((stream) => stream.name === name);
        if (report) return report;
        throw new HttpProblem(404, `There is no stream '${name}' now`);
      },
      patch: async (request) => {
        const name = readStreamName(request.params);
        assertContentType(request, JSON_TYPE);
        return host.change(name, readChange(request.body));
      },
    },
    consumes: { patch: JSON_TYPE },
  });
  resources.add({ url: '/bundles', operations: { get: async () => host.bundles() } });
}

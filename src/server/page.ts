import fastifyStatic from '@fastify/static';
import type { FastifyInstance } from 'fastify';
import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { HttpProblem } from './http-problem.js';
import type { Resources } from './resource.js';

// The same two folders up from src/server and from dist/server.
const ROOT = fileURLToPath(new URL('../../', import.meta.url));

/** Where the page and its demo clip lie. */
export type PageFolders = {
  /** What Vite built. */
  readonly page: string;
  /** Holds `workshop.mp4`. */
  readonly media: string;
};

/** The folders of this package. */
export const PAGE_FOLDERS: PageFolders = { page: `${ROOT}dist/web`, media: `${ROOT}examples/media` };

const DEMO = 'workshop.mp4';

const CONTENT_SECURITY_POLICY = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data: blob:",
  "media-src 'self' blob: mediastream:",
  "worker-src 'self' blob:",
  "connect-src 'self'",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const PERMISSIONS = [
  'camera=(self)',
  'microphone=(self)',
  'display-capture=(self)',
  'autoplay=(self)',
  'geolocation=()',
  'payment=()',
  'usb=()',
].join(', ');

const UNBUILT = `<!doctype html><html lang="en"><meta charset="utf-8"><title>livefoley</title>
<h1>livefoley is running</h1>
<p>Its page was not built: run <code>npm run build</code> in the checkout, then start livefoley again.</p></html>
`;

/** Serves the page at `/`, and the clip to try it with at `/demo.mp4`. */
export async function addPage(
  app: FastifyInstance,
  resources: Resources,
  folders: PageFolders,
): Promise<void> {
  const { page, media } = folders;
  const isBuilt = existsSync(`${page}/index.html`);
  await app.register(fastifyStatic, { serve: false, cacheControl: false, dotfiles: 'ignore' });
  resources.add({
    url: '/demo.mp4',
    isPublic: true,
    operations: {
      get: (_, reply) => {
        if (!existsSync(`${media}/${DEMO}`))
          throw new HttpProblem(404, 'The demo clip was not installed with livefoley');
        return reply.header('cache-control', 'no-cache').sendFile(DEMO, media);
      },
    },
  });
  resources.add({
    url: '/',
    isPublic: true,
    operations: {
      get: (_, reply) => {
        void reply
          .header('content-security-policy', CONTENT_SECURITY_POLICY)
          .header('permissions-policy', PERMISSIONS)
          .header('cache-control', 'no-cache');
        return isBuilt ? reply.sendFile('index.html', page) : reply.code(404).type('text/html').send(UNBUILT);
      },
    },
  });
  if (!isBuilt) return;
  addFiles(app, page);
  resources.addPublicUrl('/*');
}

/** Vite names what lies under `assets` by its content. */
function addFiles(app: FastifyInstance, page: string): void {
  app.get('/*', (request, reply) => {
    const path = (request.params as { '*': string })['*'];
    const isNamedByContent = path.startsWith('assets/');
    const kept = isNamedByContent ? 'public, max-age=31536000, immutable' : 'no-cache';
    return reply.header('cache-control', kept).sendFile(path, page);
  });
}

import { LivefoleyError } from '../stream/errors.js';
import { loadBundle, loadTextBundle, type Bundle } from './bundle.js';
import type { AnyManifest, TextManifest } from './bundle-manifest.js';
import type { Device } from './device.js';
import type { KernelContext, Kernels } from './kernel.js';
import { LaneMachine } from './lane-machine.js';
import type { FromLane, ToLane } from './lane-protocol.js';
import { loadGraphs } from './load-graphs.js';

/** The life of a lane process that makes sound. */
export function serveLane(kernels: Kernels): void {
  serve(kernels, loadBundle);
}

/** The life of a lane process that reads prompts. */
export function serveTextLane(kernels: Kernels<TextManifest>): void {
  serve(kernels, loadTextBundle);
}

/**
 * The life of a lane process: opens the bundle it is told, answers `ready` or `refused`, then carries out orders
 * until its owner closes it or is gone. One thread: ONNX Runtime blocks it while it computes, and it can only be
 * stopped in the middle of a run by killing the process.
 */
function serve<Manifest extends AnyManifest>(
  kernels: Kernels<Manifest>,
  load: (folder: string, checked?: string) => Promise<Bundle<Manifest>>,
): void {
  let machine: LaneMachine<Manifest> | undefined;
  const reply = (message: FromLane): void => {
    if (process.connected) process.send?.(message);
  };
  // The owner is gone or lets go: nothing here is worth finishing.
  process.on('disconnect', () => process.exit(0));
  // Ctrl-C in a terminal reaches every process of the command; when to end is the owner's decision.
  process.on('SIGINT', () => undefined);
  process.on('message', (message: ToLane) => {
    switch (message.kind) {
      case 'open':
        void open(message);
        return;
      case 'orders':
        void machine?.carryOut(message.orders);
        return;
      case 'close':
        process.disconnect();
        return;
    }
  });
  async function open({ bundle, identity, device }: ToLane & { kind: 'open' }): Promise<void> {
    const startMs = performance.now();
    try {
      machine = new LaneMachine(kernels, await contextOf(await load(bundle, identity), device), reply);
      reply({ kind: 'ready', loadMs: performance.now() - startMs });
    } catch (error) {
      const place = error instanceof LivefoleyError ? error.place : 'environment';
      const text = error instanceof Error ? error.message : String(error);
      reply({ kind: 'refused', place, message: text });
    }
  }
}

/** Loads a bundle for kernels to use. Blocks its thread while it loads. */
export async function createKernelContext(bundleFolder: string, device: Device): Promise<KernelContext> {
  return contextOf(await loadBundle(bundleFolder), device);
}

async function contextOf<Manifest extends AnyManifest>(
  bundle: Bundle<Manifest>,
  device: Device,
): Promise<KernelContext<Manifest>> {
  const graphs = await loadGraphs(bundle, device);
  return {
    manifest: bundle.manifest,
    device,
    graph: (name) => {
      const graph = graphs.get(name);
      if (!graph)
        throw new RangeError(`Bundle '${bundle.manifest.name}' has no graph '${name}' for ${device}`);
      return graph;
    },
  };
}

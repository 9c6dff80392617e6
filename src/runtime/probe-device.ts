import { fork } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import { LivefoleyError, type FailurePlace } from '../stream/errors.js';
import { DEVICES, type Device, type DeviceChoice } from './device.js';

/** Whether a device can run a bundle, and how fast, or why it cannot. */
export type DeviceProbe =
  | { readonly device: Device; readonly state: 'usable'; readonly hopMs: number; readonly loadMs: number }
  | {
      readonly device: Device;
      readonly state: 'rejected';
      readonly reason: string;
      /** Where the cause lies: in the machine, or in the bundle, which then fails everywhere. */
      readonly place: FailurePlace;
    };

/** What the probe process is asked and answers. */
export type ProbeQuestion = Pick<ProbeOptions, 'bundle' | 'identity'> & { readonly device: Device };
export type ProbeAnswer =
  | { readonly ok: true; readonly hopMs: number; readonly loadMs: number }
  | { readonly ok: false; readonly place: FailurePlace; readonly message: string };

export type ProbeOptions = {
  /** The bundle's folder: a device is probed with what it will run. */
  readonly bundle: string;
  /** As for `LaneChild`. */
  readonly identity?: string | undefined;
  /** The script that answers. */
  readonly entry: string;
  readonly env?: NodeJS.ProcessEnv;
  /** Gives the probe up; what waits for it meets the signal's reason. */
  readonly signal?: AbortSignal;
  /** How long the answer may take; shaders compile at the first run, so a working GPU needs time. Unit: ms. Default 60,000. */
  readonly limitMs?: number;
};

const AUTO_LIMIT_MS = 60_000;

/** Who asks for a device waits longer for it: as long as a lane may take to load. Unit: ms. */
const EXPLICIT_LIMIT_MS = 300_000;

const STDERR_TAIL_CHARACTERS = 8_000;

/**
 * Tries a device in a throw-away process, for native code may abort or crash: loads the bundle on it, holds its
 * golden answers and measures a hop. Never throws for a device that does not work.
 */
export async function probeDevice(device: Device, options: ProbeOptions): Promise<DeviceProbe> {
  const missing = device === 'cuda' ? missingForCuda() : undefined;
  if (missing !== undefined) return { device, state: 'rejected', reason: missing, place: 'environment' };
  const answer = await ask({ bundle: options.bundle, identity: options.identity, device }, options);
  if (answer.ok) return { device, state: 'usable', hopMs: answer.hopMs, loadMs: answer.loadMs };
  return { device, state: 'rejected', reason: answer.message, place: answer.place };
}

/** The device that was chosen, and why others were not. */
export type DeviceDecision = { readonly device: Device; readonly probes: readonly DeviceProbe[] };

/**
 * Decides on a device. `auto` takes the first of cuda, webgpu, cpu that works and, if it is a GPU, is faster than
 * the CPU here (a software driver is not). An explicit choice is kept or fails: never a silent fallback.
 *
 * @throws {LivefoleyError} Place `environment`, if the chosen device does not work; place `bundle`, if the bundle is
 * to blame
 */
export async function decideDevice(choice: DeviceChoice, options: ProbeOptions): Promise<DeviceDecision> {
  if (choice === 'cpu') return { device: 'cpu', probes: [] };
  if (choice !== 'auto') {
    const probe = await probeDevice(choice, { limitMs: EXPLICIT_LIMIT_MS, ...options });
    if (probe.state === 'usable') return { device: choice, probes: [probe] };
    throw new LivefoleyError(probe.place, `Cannot compute on ${choice}: ${probe.reason}`);
  }
  const probes: DeviceProbe[] = [];
  for (const device of DEVICES.filter((each) => each !== 'cpu')) {
    const probe = await probeDevice(device, options);
    if (probe.state === 'rejected') {
      probes.push(probe);
      continue;
    }
    const cpu = await probeDevice('cpu', options);
    if (cpu.state === 'rejected' || probe.hopMs < cpu.hopMs) return { device, probes: [...probes, probe] };
    const reason = `slower than the CPU here (${probe.hopMs.toFixed(1)} ms a hop against ${cpu.hopMs.toFixed(1)} ms), probably a software driver`;
    probes.push({ device, state: 'rejected', reason, place: 'environment' });
  }
  return { device: 'cpu', probes };
}

async function ask(question: ProbeQuestion, options: ProbeOptions): Promise<ProbeAnswer> {
  const { limitMs = AUTO_LIMIT_MS } = options;
  options.signal?.throwIfAborted();
  return new Promise((resolve, reject) => {
    const child = fork(options.entry, [], {
      stdio: ['ignore', 'ignore', 'pipe', 'ipc'],
      env: { ...process.env, ...options.env },
    });
    let answer: ProbeAnswer | undefined;
    let stderr = '';
    child.stderr
      ?.setEncoding('utf8')
      .on('data', (text: string) => (stderr = (stderr + text).slice(-STDERR_TAIL_CHARACTERS)));
    const fail = (message: string): ProbeAnswer => ({ ok: false, place: 'environment', message });
    const kill = (): void => void child.kill('SIGKILL');
    const end = (last: ProbeAnswer): void => {
      answer ??= last;
      kill();
    };
    // A driver that hangs would keep the probe beyond the wish to stop, and beyond our own end.
    options.signal?.addEventListener('abort', kill, { once: true });
    process.once('exit', kill);
    const timer = setTimeout(() => end(fail(`no answer within ${limitMs / 1000} s`)), limitMs);
    const settle = (last: ProbeAnswer): void => {
      clearTimeout(timer);
      options.signal?.removeEventListener('abort', kill);
      process.off('exit', kill);
      if (options.signal?.aborted) reject(options.signal.reason as Error);
      else resolve(last.ok ? last : { ...last, message: explain(last.message, stderr) });
    };
    child.on('message', (received: ProbeAnswer) => end(received));
    // A process that was started ends with 'close', whatever else goes wrong with it.
    child.on('error', (error) => child.pid === undefined && settle(fail(error.message)));
    child.on('close', (code, signal) =>
      settle(answer ?? fail(`the probe ended with ${signal ?? `code ${code}`}`)),
    );
    child.send(question, () => undefined);
  });
}

/** ONNX Runtime says only "failed to load" where the provider's library is not even there. */
function missingForCuda(): string | undefined {
  const library = { linux: 'libonnxruntime_providers_cuda.so', win32: 'onnxruntime_providers_cuda.dll' }[
    process.platform as string
  ];
  if (library === undefined) return `there is no CUDA for Node.js on ${process.platform}`;
  const binding = dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json'));
  if (existsSync(join(binding, 'bin', 'napi-v6', process.platform, process.arch, library))) return undefined;
  return `${library} is not installed; run 'node node_modules/onnxruntime-node/script/install' with ONNXRUNTIME_NODE_INSTALL=true, and see "GPU" in the README`;
}

/**
 * ONNX Runtime's failures carry no codes, so their beginnings are all there is to go by; an unknown one is passed on
 * as it is. Which library could not be found stands only in its log, in the words of the dynamic linker.
 */
function explain(message: string, log: string): string {
  const known: readonly (readonly [part: string, meaning: string])[] = [
    ['backend not found', 'this build of ONNX Runtime does not have it on this platform'],
    [
      'Failed to get a WebGPU adapter',
      'no usable Vulkan, Metal or Direct3D 12 driver; install a GPU driver (on Linux, Mesa 25 or newer serves as a slow software driver)',
    ],
    [
      'providers_shared',
      'the libraries of CUDA 12 and cuDNN 9 cannot be loaded; put them on LD_LIBRARY_PATH (Linux) or PATH (Windows)',
    ],
    ['assigned to the default CPU EP', 'a graph of the bundle cannot run wholly on it'],
  ];
  const meaning = known.find(([part]) => message.includes(part))?.[1] ?? message;
  const library = /([\w.+-]+\.so[.\d]*): cannot open shared object file/.exec(log)?.[1];
  return library === undefined || meaning.includes(library)
    ? meaning
    : `${meaning} (${library} cannot be found)`;
}

import type { Command } from 'commander';
import { createRequire } from 'node:module';
import { arch, availableParallelism, cpus, platform, release, totalmem } from 'node:os';
import { listInputProtocols, locateFfmpeg } from '../media/locate-ffmpeg.js';
import type { DeviceProbe } from '../runtime/probe-device.js';
import { listBundles } from '../runtime/find-bundle.js';
import { LivefoleyError } from '../stream/errors.js';

/** Protocols that a person who streams may miss. */
const NOTED_PROTOCOLS = ['file', 'pipe', 'http', 'https', 'rtmp', 'rtmps', 'srt', 'rtp', 'udp', 'tcp', 'tls'];

/** The device is probed with the bundle that most people run, and without it with one that always is there. */
const PROBED_BUNDLES = ['live', 'conformance'];

type Finding = { readonly name: string; readonly isWell: boolean; readonly text: string };

/** Adds `livefoley doctor`. */
export function addDoctorCommand(program: Command): void {
  program
    .command('doctor')
    .summary('say what this machine has and lacks')
    .description(
      'Checks versions, FFmpeg, every device and every bundle. Exits with 5 if something needed does not work.',
    )
    .action(async () => {
      const findings = [...machine(), await ffmpeg(), ...(await bundles()), ...(await devices())];
      const width = Math.max(...findings.map(({ name }) => name.length));
      for (const { name, isWell, text } of findings) {
        process.stdout.write(`${isWell ? 'ok ' : '-- '} ${name.padEnd(width)}  ${text}\n`);
      }
      const broken = findings.find(({ name, isWell }) => !isWell && NEEDED.test(name));
      if (broken)
        throw new LivefoleyError(
          'environment',
          `This machine cannot run livefoley yet: ${broken.name}: ${broken.text}`,
        );
    });
}

/** What nothing works without. */
const NEEDED = /^(FFmpeg|device cpu|bundle )/;

function machine(): Finding[] {
  const require = createRequire(import.meta.url);
  const versionOf = (name: string): string =>
    (require(`${name}/package.json`) as { version: string }).version;
  const { version } = require('../../package.json') as { version: string };
  const cpu = cpus()[0]?.model.trim() ?? 'unknown processor';
  const memoryGib = totalmem() / 2 ** 30;
  return [
    { name: 'livefoley', isWell: true, text: `${version}, Node.js ${process.versions.node}` },
    { name: 'ONNX Runtime', isWell: true, text: versionOf('onnxruntime-node') },
    {
      name: 'machine',
      isWell: true,
      text: `${platform()} ${release()} ${arch()}, ${availableParallelism()} cores of ${cpu}, ${memoryGib.toFixed(0)} GiB`,
    },
  ];
}

async function ffmpeg(): Promise<Finding> {
  try {
    const found = await locateFfmpeg();
    const protocols = await listInputProtocols(found);
    const has = NOTED_PROTOCOLS.filter((protocol) => protocols.includes(protocol));
    const lacks = NOTED_PROTOCOLS.filter((protocol) => !protocols.includes(protocol));
    const text = `${found.version} from ${found.source}; reads ${has.join(' ')}${lacks.length > 0 ? `; lacks ${lacks.join(' ')}` : ''}`;
    return { name: 'FFmpeg', isWell: true, text };
  } catch (error) {
    return { name: 'FFmpeg', isWell: false, text: messageOf(error) };
  }
}

async function bundles(): Promise<Finding[]> {
  const { openBundle, verifyFiles } = await import('../runtime/bundle.js');
  const findings: Finding[] = [];
  for (const { name } of await listBundles()) {
    try {
      const bundle = await openBundle(name);
      await verifyFiles(bundle);
      const text = `${bundle.manifest.version}, ${bundle.manifest.licence}, sha256 ${bundle.identity.slice(0, 12)}, all files as listed`;
      findings.push({ name: `bundle ${name}`, isWell: true, text });
    } catch (error) {
      findings.push({ name: `bundle ${name}`, isWell: false, text: messageOf(error) });
    }
  }
  return findings;
}

async function devices(): Promise<Finding[]> {
  const names = (await listBundles()).map(({ name }) => name);
  const probed = PROBED_BUNDLES.find((name) => names.includes(name));
  if (probed === undefined) return [];
  const { probeDevices } = await import('../engine.js');
  return (await probeDevices(probed)).map((probe) => ({
    name: `device ${probe.device}`,
    isWell: probe.state === 'usable',
    text: describe(probe, probed),
  }));
}

function describe(probe: DeviceProbe, bundle: string): string {
  if (probe.state === 'rejected') return probe.reason;
  return `runs '${bundle}', ${probe.hopMs.toFixed(1)} ms a hop, loaded in ${probe.loadMs.toFixed(0)} ms`;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

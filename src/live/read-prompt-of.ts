import type { Engine } from '../engine.js';
import { refusedUsage } from './refusing-usage.js';
import type { ReadSettings, StreamSettings } from './stream-settings.js';

/**
 * Settings with their prompt, if they have one, read by what it means.
 * @throws {Refusal} 422, if nothing of it is understood
 */
export async function readPromptOf(
  settings: Partial<StreamSettings>,
  engine: Pick<Engine, 'readPrompt'>,
): Promise<Partial<ReadSettings>> {
  if (!settings.prompt) return settings;
  try {
    return { ...settings, prompt: await engine.readPrompt(settings.prompt) };
  } catch (error) {
    throw refusedUsage(error);
  }
}

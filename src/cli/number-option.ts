import { InvalidArgumentError } from 'commander';

/** Reads an option's value as an integer within a range. */
export function integerOption(lowest: number, highest: number): (text: string) => number {
  return (text) => {
    const value = Number(text);
    if (/^\d+$/.test(text) && value >= lowest && value <= highest) return value;
    throw new InvalidArgumentError(`It must be a whole number from ${lowest} to ${highest}.`);
  };
}

/** Reads an option's value as seconds of at least 0 (`90`, `1.5`) or as a time (`1:30`, `1:02:03.5`). */
export function secondsOption(text: string): number {
  const match = /^(?:(?:(\d+):)?(\d+):)?(\d+(?:\.\d+)?)$/.exec(text);
  if (!match) throw new InvalidArgumentError('It must be seconds (12.5) or a time (1:30, 1:02:03.5).');
  const [, hours = '0', minutes = '0', seconds = '0'] = match;
  return Number(hours) * 3600 + Number(minutes) * 60 + Number(seconds);
}

/** As `secondsOption`, but more than 0. */
export function durationOption(text: string): number {
  const seconds = secondsOption(text);
  if (seconds > 0) return seconds;
  throw new InvalidArgumentError('It must be more than 0.');
}

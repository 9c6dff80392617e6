/** One line of FFmpeg's log, its prefixes taken apart. */
export type LogLine = {
  /** 'error' stands for error, fatal and panic. */
  readonly level: 'error' | 'warning' | 'info';
  /** The part that speaks, such as 'mov,mp4' or 'Parsed_showinfo_3'; empty for FFmpeg itself. */
  readonly part: string;
  readonly text: string;
};

const PREFIXES = /^(?:\[([^\]@]*?) @ [^\]]*\] ?)*\[(panic|fatal|error|warning|info|verbose|debug|trace)\] /;

/** Takes a log line written under `-loglevel level+…` apart; a line without a level counts as information. */
export function parseLogLine(line: string): LogLine {
  const match = PREFIXES.exec(line);
  if (match === null) return { level: 'info', part: '', text: line };
  return { level: levelNamed(match[2]), part: match[1] ?? '', text: line.slice(match[0].length) };
}

function levelNamed(name: string | undefined): LogLine['level'] {
  if (name === 'panic' || name === 'fatal' || name === 'error') return 'error';
  return name === 'warning' ? 'warning' : 'info';
}

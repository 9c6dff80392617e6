/** Signals that end a process unless something handles them. */
const ENDING_SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

const cleanUps = new Set<() => void>();

/**
 * Runs a synchronous clean-up when this process ends before the returned function takes it back: at a normal
 * exit and at SIGINT, SIGTERM and SIGHUP. A signal that only we listen to still ends the process; one that the
 * program handles itself is left to it, and the clean-up then runs at its exit.
 *
 * Not run when the process is killed outright (SIGKILL, a crash of the machine).
 */
export function onProcessEnd(cleanUp: () => void): () => void {
  if (cleanUps.size === 0) {
    process.on('exit', runCleanUps);
    for (const name of ENDING_SIGNALS) process.on(name, endBySignal);
  }
  cleanUps.add(cleanUp);
  return () => {
    if (!cleanUps.delete(cleanUp) || cleanUps.size > 0) return;
    process.off('exit', runCleanUps);
    for (const name of ENDING_SIGNALS) process.off(name, endBySignal);
  };
}

function runCleanUps(): void {
  // Newest first: a child is killed before the file that it writes is removed.
  for (const cleanUp of [...cleanUps].reverse()) {
    try {
      cleanUp();
    } catch {
      // The process is ending: one failed clean-up must not keep the others from running.
    }
  }
}

function endBySignal(name: NodeJS.Signals): void {
  if (process.listenerCount(name) > 1) return;
  runCleanUps();
  process.off(name, endBySignal);
  process.kill(process.pid, name);
}

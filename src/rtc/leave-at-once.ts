let isArmed = false;
let isDying = false;

/**
 * Makes the process leave without tearing its modules down, for libwebrtc crashes there (SIGSEGV or SIGABRT on Node
 * 20, 22 and 24) once a source was made. Exit codes stay as they are, everybody's `exit` listeners run, and what an
 * uncaught error says is printed: Node leaves that way by itself then, after it has printed it. Idempotent.
 */
export function leaveAtOnce(): void {
  if (isArmed) return;
  isArmed = true;
  process.on('uncaughtExceptionMonitor', () => {
    isDying =
      process.listenerCount('uncaughtException') === 0 && !process.hasUncaughtExceptionCaptureCallback();
  });
  process.on('exit', leave);
}

function leave(code: number): void {
  if (isDying) return;
  const listeners = process.rawListeners('exit');
  // Those behind us would not be called any more.
  for (const listener of listeners.slice(listeners.indexOf(leave) + 1)) listener.call(process, code);
  (process as unknown as { reallyExit: (code: number) => never }).reallyExit(
    Number(process.exitCode ?? code),
  );
}

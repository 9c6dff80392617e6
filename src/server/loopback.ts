/** Whether an address to listen on can be reached from this machine alone. */
export function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || /^127(\.\d{1,3}){3}$/.test(host);
}

/** A host as it stands in an address: IPv6 within brackets. */
export function inAddress(host: string): string {
  return host.includes(':') ? `[${host}]` : host;
}

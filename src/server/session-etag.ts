import { createHash } from 'node:crypto';

/** The strong ETag of a session; it does not tell the session's address. */
export function sessionEtag(sessionId: string): string {
  return `"${createHash('sha256').update(`etag ${sessionId}`).digest('base64url').slice(0, 22)}"`;
}

/** Whether an If-Match header means this session. Weak tags never match: RFC 9110, section 13.1.1. */
export function isMatch(ifMatch: string, sessionId: string): boolean {
  return ifMatch.split(',').some((tag) => tag.trim() === '*' || tag.trim() === sessionEtag(sessionId));
}

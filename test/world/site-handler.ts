import type { IncomingMessage, ServerResponse } from 'node:http'

/** Answers one request. Sites are served alike over HTTP/1.1, HTTP/2 and TLS. */
export type SiteHandler = (request: IncomingMessage, response: ServerResponse) => void

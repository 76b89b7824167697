import { serveBooks } from './books.ts'
import { serveHttpbin } from './httpbin.ts'
import type { SiteHandler } from './site-handler.ts'
import { serveWikipedia } from './wikipedia.ts'

/** One web server of the world. */
export interface Site {
  /** The names on its certificate; the first is its own name. */
  readonly names: readonly [string, ...string[]]
  readonly addresses: readonly string[]
  readonly httpPorts: readonly number[]
  readonly tlsPorts: readonly number[]
  readonly handler: SiteHandler
}

const serveName: SiteHandler = (request, response) => {
  response.setHeader('content-type', 'text/plain')
  response.end(`this is ${request.headers.host ?? (request.headers[':authority'] as string | undefined) ?? 'nobody'}\n`)
}

/** Every web server there is. */
export const SITES: readonly Site[] = [
  {
    names: ['www.wikipedia.org', 'wikipedia.org', '*.wikipedia.org'],
    addresses: ['91.198.174.192', '103.102.166.224', '198.35.26.96', '208.80.153.224', '208.80.154.224'],
    httpPorts: [80],
    tlsPorts: [443],
    handler: serveWikipedia,
  },
  {
    names: ['www.googleapis.com', '*.googleapis.com'],
    addresses: ['142.250.74.106', '142.250.74.170'],
    httpPorts: [80],
    tlsPorts: [443],
    handler: serveBooks,
  },
  {
    names: ['httpbin.org'],
    addresses: ['34.66.10.50'],
    httpPorts: [80, 8000, 8080],
    tlsPorts: [443],
    handler: serveHttpbin,
  },
  {
    names: ['rotating.example.com'],
    addresses: ['34.66.10.60', '34.66.10.61', '34.66.10.62'],
    httpPorts: [80],
    tlsPorts: [443],
    handler: serveHttpbin,
  },
  {
    names: ['dual.example.com', 'ipv6.example.com'],
    addresses: ['34.66.10.80', '2001:db8::80'],
    httpPorts: [80],
    tlsPorts: [443],
    handler: serveName,
  },
  { names: ['*.wild.example.com'], addresses: ['34.66.10.90'], httpPorts: [80], tlsPorts: [443], handler: serveName },
  { names: ['drop.example.net'], addresses: ['203.0.113.66'], httpPorts: [80], tlsPorts: [443], handler: serveName },
]

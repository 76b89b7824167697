import type { IncomingMessage, ServerResponse } from 'node:http'
import type { SiteHandler } from './site-handler.ts'

const MAX_BYTES = 256 * 1024 * 1024
const BLOCK = Buffer.alloc(64 * 1024, 'postern.')

/** /get, /headers, /post, /anything say back what came; /status/N, /bytes/N and /delay/SECONDS do as named. */
export const serveHttpbin: SiteHandler = (request, response) => {
  const url = new URL(request.url ?? '/', 'http://httpbin.org')
  const [, verb = '', argument = ''] = url.pathname.split('/')
  const number = Number(argument)
  if (verb === 'status' && number >= 200 && number <= 599) {
    response.statusCode = number
    response.end()
  } else if (verb === 'bytes' && number >= 0 && number <= MAX_BYTES) {
    response.setHeader('content-length', number)
    sendBytes(response, number)
  } else if (verb === 'delay' && number >= 0 && number <= 10) {
    setTimeout(() => sayBack(request, response, url), number * 1000)
  } else {
    sayBack(request, response, url)
  }
}

function sendBytes(response: ServerResponse, count: number): void {
  for (let left = count; left > 0; left -= BLOCK.length) response.write(BLOCK.subarray(0, Math.min(left, BLOCK.length)))
  response.end()
}

function sayBack(request: IncomingMessage, response: ServerResponse, url: URL): void {
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const said = {
      method: request.method,
      path: url.pathname,
      args: Object.fromEntries(url.searchParams),
      headers: request.headers,
      data: Buffer.concat(chunks).toString('utf8'),
      server: request.socket.localAddress,
    }
    response.setHeader('content-type', 'application/json')
    response.end(`${JSON.stringify(said)}\n`)
  })
}

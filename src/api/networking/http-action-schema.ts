import {
  type Decode,
  decoder,
  described,
  int32,
  list,
  mapOf,
  message,
  oneOf,
  oneofCase,
  optional,
  required,
  shaped,
  string,
  uint32,
} from '#api/schema/decode.ts'
import { decodeDestination } from './destination.ts'
import type {
  HeaderChanges,
  HeaderOperations,
  HttpDirectResponse,
  HttpRedirect,
  HttpRewrite,
  HttpRouteDestination,
  RedirectPort,
} from './virtual-service.ts'

/** Fields of what an HTTP route does with a request: destinations, redirects, answers, rewrites, headers (spec 1.3). */

const decodeHeaderOperations = message<HeaderOperations>({
  set: described('Headers that get this value, whatever they had.', mapOf(string())),
  add: described('Headers that get this value too.', mapOf(string())),
  remove: described('Headers that are taken out.', list(string())),
})

export const decodeHeaderChanges = message<HeaderChanges>({
  request: described('Changes before the request goes to the destination.', decodeHeaderOperations),
  response: described('Changes before the response goes back to the caller.', decodeHeaderOperations),
})

export const decodeWeight = described(
  'Share of the traffic, relative to the weights of the other destinations; a single one gets everything.',
  int32,
)

export const decodeHttpRouteDestination = message<HttpRouteDestination>({
  destination: described('Where the request is sent.', required(optional(decodeDestination))),
  weight: decodeWeight,
  headers: described('Headers changed for this destination.', decodeHeaderChanges),
})

interface WrittenRedirect {
  readonly uri: string
  readonly prefixRewrite: string
  readonly authority: string
  readonly port: number | undefined
  readonly derivePort: 'FROM_PROTOCOL_DEFAULT' | 'FROM_REQUEST_PORT' | undefined
  readonly scheme: string
  readonly redirectCode: number
}

export const decodeHttpRedirect: Decode<HttpRedirect> = shaped(
  message<WrittenRedirect>({
    uri: described('Path and query of the new location.', string()),
    prefixRewrite: described('Put in place of the prefix that the match names.', string()),
    authority: described('Host of the new location.', string()),
    port: described('Port of the new location.', optional(uint32)),
    derivePort: described(
      'Where the port of the new location comes from.',
      optional(oneOf(['FROM_PROTOCOL_DEFAULT', 'FROM_REQUEST_PORT'])),
    ),
    scheme: described('Scheme of the new location: http or https.', string()),
    redirectCode: described('HTTP status of the redirect, 300 to 399; 301 when absent.', uint32),
  }),
  ({ derivePort, port, ...redirect }, path, report) => {
    const kind = oneofCase({ port, derivePort }, 'redirect_port', ['port', 'derivePort'], path, report)
    const redirectPort: RedirectPort | undefined =
      kind === undefined ? undefined : kind === 'port' ? { kind: 'number', number: port! } : { kind: derivePort! }
    return { ...redirect, port: redirectPort }
  },
)

const decodeBase64: Decode<Uint8Array> = decoder({ type: 'string', format: 'byte' }, (value, path, report) => {
  const text = typeof value === 'string' ? value : ''
  if (typeof value !== 'string' || !/^[A-Za-z0-9+/_-]*={0,2}$/.test(value)) {
    report.error(path, 'Invalid value: must be text in base64')
  }
  return new Uint8Array(Buffer.from(text, 'base64'))
})

interface WrittenBody {
  readonly string: string | undefined
  readonly bytes: Uint8Array | undefined
}

const decodeBody: Decode<Uint8Array | undefined> = shaped(
  message<WrittenBody>({
    string: described('The body as text.', optional(string())),
    bytes: described('The body in base64.', optional(decodeBase64)),
  }),
  (body, path, report) => {
    const kind = oneofCase(body, 'specifier', ['string', 'bytes'], path, report)
    return kind === 'string' ? new TextEncoder().encode(body.string) : body.bytes
  },
)

export const decodeHttpDirectResponse = message<HttpDirectResponse>({
  status: described('HTTP status of the answer.', required(uint32)),
  body: described('Body of the answer; empty when absent.', optional(decodeBody)),
})

export const decodeHttpRewrite = message<HttpRewrite>({
  uri: described('Put in place of the path, or of the prefix that the match names.', string()),
  authority: described('Put in place of the Host header.', string()),
  uriRegexRewrite: described(
    'Replaces the parts of the path that an expression matches.',
    optional(
      message({
        match: described('Expression in the syntax of RE2.', string()),
        rewrite: described('What is put in; \\1 is the first group of the expression.', string()),
      }),
    ),
  ),
})

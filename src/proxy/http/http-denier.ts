import type { DenialReason } from '#proxy/denial/denial.ts'
import type { RefusedAddress } from '#proxy/denial/explain.ts'

/** A request that no route allows. */
export interface RefusedRequest {
  /** Where the application dialled. */
  readonly ip: string
  readonly port: number
  /** Host with or without port, as the request says it. */
  readonly authority: string
  readonly isHttp2?: boolean
  /** When a route was found, and its cluster would not go to the address. */
  readonly refusal?: RefusedAddress
}

/** What it is answered, under the status of the route that refused it (502). */
export interface HttpRefusal {
  /** Names in lower case; among them x-postern-denied. */
  readonly headers: readonly (readonly [name: string, value: string])[]
  /** Plain text that ends in a newline. */
  readonly body: string
  readonly denial: { readonly reason: DenialReason }
}

/** Words and records the refusal of requests (proxy/denial). */
export interface HttpDenier {
  http(request: RefusedRequest): HttpRefusal
}

import { bitsOf, canonicalAddress, networkAddress, parseAsWritten } from '#base/ip-address.ts'

/** One entry of `spec.addresses`, or its absence (spec 3.1). */
export type ServiceAddress =
  | { readonly kind: 'none' }
  /** In canonical form: two spellings of one address are one listener, and programs write the shortest into Host headers. */
  | { readonly kind: 'ip'; readonly address: string }
  | { readonly kind: 'cidr'; readonly cidr: Cidr }

export interface Cidr {
  /** As written in the object, e.g. "10.1.2.3/8". */
  readonly text: string
  /** The address part as written: Envoy masks it. */
  readonly address: string
  readonly prefixLength: number
  /** Masked and canonical: equal for equal ranges. */
  readonly range: string
}

export const NO_ADDRESS: ServiceAddress = { kind: 'none' }

/** The unspecified address is none: such a service listens everywhere, and DNS does not answer it. */
const UNSPECIFIED = '0.0.0.0'

/** Reads an IP or a CIDR block; undefined when it is neither (validation refuses such an object before this point). */
export function parseServiceAddress(text: string): ServiceAddress | undefined {
  const canonical = canonicalAddress(text)
  if (canonical === UNSPECIFIED) return NO_ADDRESS
  const slash = text.indexOf('/')
  const written = slash < 0 ? text : text.slice(0, slash)
  const address = parseAsWritten(written)
  if (address === undefined) return undefined
  if (slash < 0) return { kind: 'ip', address: canonical }
  const prefixLength = /^\d{1,3}$/.test(text.slice(slash + 1)) ? Number(text.slice(slash + 1)) : Number.NaN
  if (!(prefixLength <= bitsOf(address))) return undefined
  const network = networkAddress(address, prefixLength)
  if (prefixLength === bitsOf(address)) return { kind: 'ip', address: network }
  return { kind: 'cidr', cidr: { text, address: written, prefixLength, range: `${network}/${prefixLength}` } }
}

import { faultOfIpSubnet } from '#api/rules/address.ts'

/** Rules about the values that a policy compares (spec 1.8). Each returns what is wrong, or undefined. */
export type FaultOf = (value: string) => string | undefined

/** An IP address or a CIDR block. */
export function faultOfIpBlock(value: string): string | undefined {
  if (faultOfIpSubnet(value) === undefined) return undefined
  return value.includes('/') ? `bad CIDR range (${value})` : `bad IP address (${value})`
}

/** 0 to 65535. */
export function faultOfPortText(value: string): string | undefined {
  return /^\d{1,5}$/.test(value) && Number(value) <= 65535 ? undefined : `bad port (${value})`
}

/** `NAME`, or `NAMESPACE/NAME`; wildcards have no meaning here. */
export function faultOfServiceAccount(value: string): string | undefined {
  const parts = value.split('/')
  if (parts.length <= 2 && !parts.includes('') && !value.includes('*')) return undefined
  return `invalid service account (${value}): it is NAME or NAMESPACE/NAME, without wildcards`
}

const LITERAL_SEGMENT = /^(?:[-A-Za-z0-9._~!$&'()+,;=:@]|%[0-9A-Fa-f]{2})*$/

/** A path, or a template in which `{*}` is a segment and `{**}`, at its end, the rest. */
export function faultOfPath(value: string): string | undefined {
  if (!value.includes('{') && !value.includes('}')) return undefined
  const refusal = (why: string) => `invalid or unsupported path ${value}: ${why}`
  const segments = value.split('/')
  const rest = segments.indexOf('{**}')
  if (rest >= 0 && rest !== segments.length - 1) return refusal('{**} must be the last segment')
  const literals = segments.filter((segment) => segment !== '{*}' && segment !== '{**}')
  if (literals.some((segment) => /[{}]/.test(segment))) return refusal('braces are for the segments {*} and {**} only')
  if (literals.some((segment) => segment.includes('*'))) return refusal('* cannot be used beside {*} and {**}')
  return literals.every((segment) => LITERAL_SEGMENT.test(segment))
    ? undefined
    : refusal('segments of a template hold characters of a URI path only')
}

import { isRecord } from '#api/schema/decode.ts'
import type { Report } from '#api/schema/report.ts'
import { checkSelection } from '#api/workload-selection.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type { JwtRule, RequestAuthentication } from './request-authentication.ts'

const HEADER = /^[-_A-Za-z0-9]+$/

/** Istio's rules about a request authentication (spec 1.9), all faults at once. */
export function checkRequestAuthentication({ spec }: RequestAuthentication, report: Report): void {
  checkSelection(spec, 'request authentication', report)
  for (const [index, rule] of spec.jwtRules.entries()) checkJwtRule(rule, ['spec', 'jwtRules', index], report)
}

function checkJwtRule(rule: JwtRule, path: FieldPath, report: Report): void {
  if (rule.issuer === '' && rule.jwksUri === '') {
    report.fault([...path, 'issuer'], 'issuer or jwksUri must be set, found neither')
  }
  checkNames(rule.audiences, 'audience', [...path, 'audiences'], report)
  checkKeys(rule, path, report)
  for (const [index, { name }] of rule.fromHeaders.entries()) {
    if (name === '')
      report.fault([...path, 'fromHeaders', index, 'name'], 'location header name must be non-empty string')
  }
  checkNames(rule.fromParams, 'location query', [...path, 'fromParams'], report)
  checkNames(rule.fromCookies, 'cookie name', [...path, 'fromCookies'], report)
  for (const [index, { header, claim }] of rule.outputClaimToHeaders.entries()) {
    const at = [...path, 'outputClaimToHeaders', index]
    if (claim === '') report.fault([...at, 'claim'], 'outputClaimToHeaders claim value must be non-empty string')
    if (header === '') report.fault([...at, 'header'], 'outputClaimToHeaders header must be non-empty string')
    else if (!HEADER.test(header)) {
      const text = `header: ${JSON.stringify(header)} must consist of letters, digits, - and _, as ${HEADER.source} has it`
      report.fault([...at, 'header'], text)
    }
  }
}

function checkNames(names: readonly string[], what: string, path: FieldPath, report: Report): void {
  for (const [index, name] of names.entries()) {
    if (name === '') report.fault([...path, index], `${what} must be non-empty string`)
  }
}

function checkKeys({ jwks, jwksUri }: JwtRule, path: FieldPath, report: Report): void {
  if (jwksUri !== '') report.fault([...path, 'jwksUri'], faultOfUri(jwksUri))
  if (jwks !== '') report.fault([...path, 'jwks'], faultOfJwks(jwks))
  if (jwks !== '' && jwksUri !== '') report.fault([...path, 'jwks'], 'only one of jwks or jwksUri can be set')
}

function faultOfUri(uri: string): string | undefined {
  if (!URL.canParse(uri)) return `invalid jwksUri: ${JSON.stringify(uri)} is no URL`
  const { protocol } = new URL(uri)
  const scheme = protocol.slice(0, -1)
  return scheme === 'http' || scheme === 'https' ? undefined : `URI scheme ${JSON.stringify(scheme)} is not supported`
}

/** A JSON Web Key Set (RFC 7517): an object with a list of keys, each of some kty. */
function faultOfJwks(text: string): string | undefined {
  let value: unknown
  try {
    value = JSON.parse(text)
  } catch {
    return 'invalid jwks: it is no JSON'
  }
  const keys = isRecord(value) ? value.keys : undefined
  if (!Array.isArray(keys)) return 'invalid jwks: it has no list of keys'
  const bad = keys.findIndex((key) => !isRecord(key) || typeof key.kty !== 'string')
  return bad < 0 ? undefined : `invalid jwks: key ${bad} has no kty`
}

import type {
  HeaderMatcher,
  RouteMatch as RouteMatchMessage,
} from '#xds/gen/envoy/config/route/v3/route_components_pb.js'
import type { StringMatcher } from '#xds/gen/envoy/type/matcher/v3/string_pb.js'
import type { HeaderMatch, RouteMatch } from './model.ts'
import type { Place } from './place.ts'

/** Fields that our generated types leave out, each of which narrows a match (route_components.proto). */
const REFUSED_FIELDS = { 8: 'grpc', 11: 'tls_context', 12: 'connect_matcher', 13: 'dynamic_metadata' }

/** Undefined, and errors, when it has no path. */
export function decodeRouteMatch(match: RouteMatchMessage | undefined, place: Place): RouteMatch | undefined {
  if (match === undefined) {
    place.error('is not set')
    return undefined
  }
  place.refuseUnknown(match, REFUSED_FIELDS)
  place.refuseSet({
    query_parameters: match.queryParameters.length > 0,
    runtime_fraction: match.runtimeFraction !== undefined,
  })
  const path = decodePath(match.pathSpecifier, place)
  const headers = match.headers.flatMap((header, index) => decodeHeader(header, place.at(`headers[${index}]`)) ?? [])
  return path && { path, caseSensitive: match.caseSensitive ?? true, headers }
}

function decodePath(specifier: RouteMatchMessage['pathSpecifier'], place: Place): RouteMatch['path'] | undefined {
  switch (specifier.case) {
    case 'prefix':
      return { kind: 'prefix', value: specifier.value }
    case 'path':
      return { kind: 'exact', value: specifier.value }
    case 'safeRegex':
      return { kind: 'regex', value: specifier.value.regex }
    case 'pathSeparatedPrefix':
      return { kind: 'regex', value: `${quote(specifier.value)}(/.*)?` }
    default:
      place.error('none of prefix, path, safe_regex and path_separated_prefix is set')
      return undefined
  }
}

function decodeHeader(header: HeaderMatcher, place: Place): HeaderMatch | undefined {
  if (header.name === '') place.at('name').error('is empty')
  place.refuseSet({ treat_missing_header_as_empty: header.treatMissingHeaderAsEmpty })
  const test = decodeTest(header.headerMatchSpecifier, place)
  const absent = header.headerMatchSpecifier.case === 'presentMatch' && !header.headerMatchSpecifier.value
  return test && { name: header.name.toLowerCase(), test, invert: header.invertMatch !== absent }
}

function decodeTest(specifier: HeaderMatcher['headerMatchSpecifier'], place: Place): HeaderMatch['test'] | undefined {
  switch (specifier.case) {
    case undefined:
    case 'presentMatch':
      return { kind: 'present' }
    case 'exactMatch':
      return { kind: 'exact', value: specifier.value }
    case 'prefixMatch':
      return { kind: 'prefix', value: specifier.value }
    case 'suffixMatch':
      return { kind: 'suffix', value: specifier.value }
    case 'containsMatch':
      return { kind: 'contains', value: specifier.value }
    case 'safeRegexMatch':
      return { kind: 'regex', value: specifier.value.regex }
    case 'stringMatch':
      return decodeString(specifier.value, place.at('string_match'))
    case 'rangeMatch':
      place.at('range_match').error('is not supported')
      return undefined
  }
}

function decodeString({ matchPattern, ignoreCase }: StringMatcher, place: Place): HeaderMatch['test'] | undefined {
  switch (matchPattern.case) {
    case 'exact':
      return ignoreCase ? regexIgnoringCase(quote(matchPattern.value)) : { kind: 'exact', value: matchPattern.value }
    case 'prefix':
      return ignoreCase
        ? regexIgnoringCase(`${quote(matchPattern.value)}.*`)
        : { kind: 'prefix', value: matchPattern.value }
    case 'suffix':
      return ignoreCase
        ? regexIgnoringCase(`.*${quote(matchPattern.value)}`)
        : { kind: 'suffix', value: matchPattern.value }
    case 'contains':
      return ignoreCase
        ? regexIgnoringCase(`.*${quote(matchPattern.value)}.*`)
        : { kind: 'contains', value: matchPattern.value }
    case 'safeRegex':
      return { kind: 'regex', value: matchPattern.value.regex }
    default:
      place.error('none of exact, prefix, suffix, contains and safe_regex is set')
      return undefined
  }
}

/** Regular expressions are RE2's, and match the whole value. */
function regexIgnoringCase(expression: string): HeaderMatch['test'] {
  return { kind: 'regex', value: `(?i)${expression}` }
}

function quote(text: string): string {
  return text.replace(/[\\^$.*+?()[\]{}|]/g, '\\$&')
}

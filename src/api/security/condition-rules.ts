import type { FieldPath } from '#kube/field-path.ts'
import type { Condition } from './authorization-policy.ts'
import { type FaultOf, faultOfIpBlock, faultOfPortText } from './call-attributes.ts'

const PLAIN_KEYS: Readonly<Record<string, FaultOf>> = {
  'source.ip': faultOfIpBlock,
  'remote.ip': faultOfIpBlock,
  'source.namespace': noFault,
  'source.serviceAccount': noFault,
  'source.principal': noFault,
  'source.trustDomain': noFault,
  'request.auth.principal': noFault,
  'request.auth.audiences': noFault,
  'request.auth.presenter': noFault,
  'destination.ip': faultOfIpBlock,
  'destination.port': faultOfPortText,
  'connection.sni': noFault,
}

/** Keys with the name of what is meant in brackets. */
const MAP_KEYS: readonly string[] = ['request.headers', 'request.auth.claims']
const FILTER_KEY = 'experimental.envoy.filters.'

const BRACKETED = /^[^[\]]+(?:\[[^[\]]+\])+$/

/** Keys of earlier versions, and what to use. */
const REPLACED: Readonly<Record<string, string>> = {
  'destination.labels': 'the selector of the policy',
  'destination.name': 'the selector of the policy',
  'destination.namespace': 'the namespace of the policy',
  'destination.user': 'the selector of the policy',
}

/** Conditions of the rule `index` of a policy (spec 1.8): known keys, and values that fit them. */
export function checkConditions(
  conditions: readonly Condition[],
  index: number,
  path: FieldPath,
  say: (path: FieldPath, fault: string | undefined) => void,
): void {
  for (const [place, { key, values, notValues }] of conditions.entries()) {
    const at = [...path, place]
    if (key === '') {
      say([...at, 'key'], `\`key\` must not be empty, found at rule ${index}`)
      continue
    }
    if (values.length + notValues.length === 0) {
      say(at, `at least one of \`values\` or \`notValues\` must be set for key ${key}, found at rule ${index}`)
    }
    say([...at, 'key'], faultOfKey(key))
    const faultOf = Object.hasOwn(PLAIN_KEYS, key) ? PLAIN_KEYS[key]! : noFault
    for (const [field, list] of Object.entries({ values, notValues })) {
      for (const [item, value] of list.entries()) {
        say([...at, field, item], value === '' ? `empty value not allowed, found in ${key}` : faultOf(value))
      }
    }
  }
}

function faultOfKey(key: string): string | undefined {
  if (Object.hasOwn(PLAIN_KEYS, key)) return undefined
  const name = key.split('[')[0]!
  if (Object.hasOwn(REPLACED, name)) return `attribute ${name} is replaced by ${REPLACED[name]}`
  if (!MAP_KEYS.includes(name) && !key.startsWith(FILTER_KEY)) return `unknown attribute: ${key}`
  const nested = name === 'request.headers' ? /^[^[\]]+\[[^[\]]+\]$/ : BRACKETED
  return nested.test(key) ? undefined : `bad key (${key}): should have format a[b]`
}

function noFault(): undefined {
  return undefined
}

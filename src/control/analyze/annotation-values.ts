import { isIP } from 'node:net'
import { readYaml } from '#kube/yaml-document.ts'
import { isMap } from './json.ts'

/** What is wrong with the value of an annotation, in the words of Istio's injector; undefined when nothing is, or nothing is checked. */
export function faultOfAnnotation(name: string, value: string): string | undefined {
  return CHECKS[name]?.(value)
}

type Check = (value: string) => string | undefined

const UINT32_MAX = 4_294_967_295
const UINT16_MAX = 65_535

const CHECKS: Readonly<Record<string, Check>> = {
  'sidecar.istio.io/interceptionMode': (value) =>
    ['REDIRECT', 'TPROXY', 'NONE'].includes(value)
      ? undefined
      : `interceptionMode invalid, use REDIRECT,TPROXY,NONE: ${value}`,
  // Istio calls the port by the name of another annotation.
  'status.sidecar.istio.io/port': (value) => within('excludeInboundPorts invalid', faultOfPort(value)),
  'readiness.status.sidecar.istio.io/initialDelaySeconds': (value) => faultOfUint(value, UINT32_MAX),
  'readiness.status.sidecar.istio.io/periodSeconds': (value) => faultOfUint(value, UINT32_MAX),
  'readiness.status.sidecar.istio.io/failureThreshold': (value) => faultOfUint(value, UINT32_MAX),
  'traffic.sidecar.istio.io/includeOutboundIPRanges': allOr(blocks('includeIPRanges')),
  'traffic.sidecar.istio.io/excludeOutboundIPRanges': blocks('excludeIPRanges'),
  'traffic.sidecar.istio.io/includeInboundPorts': allOr(ports('includeInboundPorts')),
  'traffic.sidecar.istio.io/excludeInboundPorts': ports('excludeInboundPorts'),
  'traffic.sidecar.istio.io/excludeOutboundPorts': ports('excludeOutboundPorts'),
  'prometheus.istio.io/merge-metrics': faultOfBool,
  'proxy.istio.io/config': faultOfProxyConfig,
}

function allOr(check: Check): Check {
  return (value) => (value === '*' ? undefined : check(value))
}

function blocks(parameter: string): Check {
  return (value) => within(`${parameter} invalid`, value === '' ? undefined : firstFault(value, faultOfBlock))
}

function ports(parameter: string): Check {
  return (value) =>
    within(`${parameter} invalid`, value.trim() === '' ? undefined : firstFault(value.trim(), faultOfListedPort))
}

function firstFault(list: string, check: Check): string | undefined {
  for (const one of list.split(',')) {
    const fault = check(one)
    if (fault !== undefined) return fault
  }
  return undefined
}

function within(what: string, fault: string | undefined): string | undefined {
  return fault === undefined ? undefined : `${what}: ${fault}`
}

function faultOfListedPort(text: string): string | undefined {
  return within(`failed parsing port '${text}'`, faultOfPort(text))
}

function faultOfPort(text: string): string | undefined {
  return within(`failed parsing port '${text}'`, faultOfUint(text.trim(), UINT16_MAX))
}

function faultOfUint(text: string, max: number): string | undefined {
  const parsing = `strconv.ParseUint: parsing ${JSON.stringify(text)}`
  if (!/^\d+$/.test(text)) return `${parsing}: invalid syntax`
  return BigInt(text) > max ? `${parsing}: value out of range` : undefined
}

const BOOLS = ['1', 't', 'T', 'TRUE', 'true', 'True', '0', 'f', 'F', 'FALSE', 'false', 'False']

function faultOfBool(text: string): string | undefined {
  return BOOLS.includes(text) ? undefined : `strconv.ParseBool: parsing ${JSON.stringify(text)}: invalid syntax`
}

function faultOfBlock(text: string): string | undefined {
  return within(
    `failed parsing cidr '${text}'`,
    within(`netip.ParsePrefix(${JSON.stringify(text)})`, prefixFault(text)),
  )
}

function prefixFault(text: string): string | undefined {
  const slash = text.lastIndexOf('/')
  if (slash < 0) return "no '/'"
  const [address, bits] = [text.slice(0, slash), text.slice(slash + 1)]
  const family = isIP(address)
  if (family === 0) return `ParseAddr(${JSON.stringify(address)}): unable to parse IP`
  if (!/^(0|[1-9]\d{0,2})$/.test(bits)) return `bad bits after slash: ${JSON.stringify(bits)}`
  return Number(bits) > (family === 4 ? 32 : 128) ? 'prefix length out of range' : undefined
}

/** Only that it is a map of fields: which there are is known to the proxy's release. */
function faultOfProxyConfig(text: string): string | undefined {
  const read = readYaml(text)
  const what = 'failed to convert to apply proxy config'
  const [document] = read.kind === 'documents' ? read.documents : []
  if (read.kind !== 'documents' || (document?.faults.length ?? 0) > 0) return `${what}: it is not YAML`
  return document === undefined || isMap(document.value) ? undefined : `${what}: it is not a map of fields`
}

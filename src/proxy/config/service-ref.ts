import { isIP } from 'node:net'
import type { JsonObject, JsonValue } from '@bufbuild/protobuf'
import type { Cidr, ServiceRef } from './model.ts'

/** "outbound|PORT|SUBSET|HOST" (spec 3.8). */
const OUTBOUND = /^outbound\|(\d+)\|[^|]*\|(.+)$/
/** "/apis/GROUP/VERSION/namespaces/NAMESPACE/KIND/NAME" with the kind in kebab case. */
const CONFIG_PATH = /^\/apis\/[^/]+\/[^/]+\/namespaces\/([^/]+)\/([^/]+)\/([^/]+)$/

/** The service that a cluster stands for, from its name and metadata; undefined for those that stand for none. */
export function serviceRefOf(
  clusterName: string,
  metadata: Readonly<Record<string, JsonObject>>,
): ServiceRef | undefined {
  const [, port, hostInName] = OUTBOUND.exec(clusterName) ?? []
  if (port === undefined || hostInName === undefined) return undefined
  const services = metadata.istio?.services
  const service = Array.isArray(services) ? services[0] : undefined
  return {
    host: textOf(service, 'host') || hostInName,
    namespace: textOf(service, 'namespace'),
    port: Number(port),
    protocol: textOf(metadata.postern, 'protocol'),
    definedBy: definedBy(textOf(metadata.postern, 'config')),
    ...addressesOf(metadata.postern?.addresses),
  }
}

/** What is no address or block is left out: less is allowed then, not more. */
function addressesOf(value: JsonValue | undefined): Pick<ServiceRef, 'addresses'> {
  if (!Array.isArray(value)) return {}
  return { addresses: value.flatMap((text) => (typeof text === 'string' ? cidrOf(text) : [])) }
}

function cidrOf(text: string): readonly Cidr[] {
  const [address = '', length] = text.split('/')
  const family = isIP(address)
  const bits = family === 6 ? 128 : 32
  const prefixLength = length === undefined ? bits : /^\d{1,3}$/.test(length) ? Number(length) : -1
  return family === 0 || prefixLength < 0 || prefixLength > bits ? [] : [{ address, prefixLength }]
}

function definedBy(path: string): string {
  const [, namespace, kind, name] = CONFIG_PATH.exec(path) ?? []
  if (kind === undefined) return ''
  const pascal = kind.replace(/(?:^|-)([a-z])/g, (_, letter: string) => letter.toUpperCase())
  return `${pascal} ${namespace}/${name}`
}

function textOf(value: JsonValue | undefined, key: string): string {
  if (value === null || typeof value !== 'object' || Array.isArray(value)) return ''
  const text = value[key]
  return typeof text === 'string' ? text : ''
}

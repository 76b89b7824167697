import { isIPv4 } from 'node:net'
import { isIpv4Cidr } from '#api/rules/address.ts'
import type { FieldPath } from '#kube/field-path.ts'
import type { EgressRule } from './egress-rule.ts'
import { protocolClass } from './egress-rule.ts'

/** An egress rule as a service entry, in the shape it is written in. */
export interface ConvertedEgressRule {
  readonly apiVersion: 'networking.istio.io/v1'
  readonly kind: 'ServiceEntry'
  readonly metadata: Readonly<Record<string, unknown>>
  readonly spec: {
    readonly hosts: readonly string[]
    readonly addresses?: readonly string[]
    readonly ports: readonly { readonly number: number; readonly name: string; readonly protocol: string }[]
    readonly location: 'MESH_EXTERNAL'
    readonly resolution: 'NONE'
  }
}

/** The mapping of Istio 0.8's converter (spec 2.2): resolution NONE, ports named PROTOCOL-PORT, an address becomes `addresses`. */
export function convertEgressRule(rule: EgressRule, domain = 'cluster.local'): ConvertedEgressRule {
  const { name, namespace, labels, annotations } = rule.metadata
  const service = rule.spec.destination?.service ?? ''
  const hosts = isAddress(service)
    ? { hosts: [`${name}.${namespace ?? 'default'}.svc.${domain}`], addresses: [service] }
    : { hosts: [service] }
  return {
    apiVersion: 'networking.istio.io/v1',
    kind: 'ServiceEntry',
    metadata: {
      name,
      ...(namespace === undefined ? {} : { namespace }),
      ...(Object.keys(labels ?? {}).length === 0 ? {} : { labels }),
      ...(Object.keys(annotations ?? {}).length === 0 ? {} : { annotations }),
    },
    spec: {
      ...hosts,
      ports: rule.spec.ports.map(({ port, protocol }) => ({ number: port, name: `${protocol}-${port}`, protocol })),
      location: 'MESH_EXTERNAL',
      resolution: 'NONE',
    },
  }
}

/** Where a converted rule means something else than it did, or nothing. */
export interface LossOfConversion {
  readonly path: FieldPath
  readonly text: string
  /** Whether the part is left out; else it has another effect. */
  readonly isLeftOut: boolean
}

export function lossesOfConversion(rule: EgressRule): readonly LossOfConversion[] {
  const service = rule.spec.destination?.service ?? ''
  const losses: LossOfConversion[] = []
  if (service === '*') {
    losses.push({
      path: ['spec', 'destination', 'service'],
      isLeftOut: true,
      text: 'no ServiceEntry can stand for destination.service "*": allow any destination with meshConfig outboundTrafficPolicy ALLOW_ANY',
    })
  }
  for (const [port, { protocol }] of rule.spec.ports.entries()) {
    const path = ['spec', 'ports', port, 'protocol']
    if (protocol.toUpperCase() === 'HTTPS') {
      losses.push({
        path,
        isLeftOut: false,
        text: 'protocol https of an EgressRule let the sidecar start TLS for plain HTTP; in the ServiceEntry the application itself speaks TLS',
      })
    } else if (opensEveryAddress(rule, protocol)) {
      losses.push({
        path,
        isLeftOut: true,
        text: `protocol ${protocol} of a domain let nothing through in an EgressRule; the ServiceEntry would open the port of every address, so postern run leaves it out: give an address`,
      })
    }
  }
  return losses
}

/**
 * The part of a rule that can be enforced as a service entry, or undefined when nothing is left. A TCP port of a domain admitted nothing in
 * an egress rule (spec 2.1), but as a service entry without addresses it would admit every address.
 */
export function enforceablePart(rule: EgressRule): EgressRule | undefined {
  if (rule.spec.destination?.service === '*') return undefined
  const ports = rule.spec.ports.filter((port) => !opensEveryAddress(rule, port.protocol))
  return ports.length === 0 ? undefined : { ...rule, spec: { ...rule.spec, ports } }
}

function opensEveryAddress(rule: EgressRule, protocol: string): boolean {
  return protocolClass(protocol) !== 'HTTP' && !isAddress(rule.spec.destination?.service ?? '')
}

function isAddress(service: string): boolean {
  return isIPv4(service) || isIpv4Cidr(service)
}

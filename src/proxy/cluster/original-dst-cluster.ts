import type { Cidr, Cluster } from '#proxy/config/model.ts'
import type { NameLookup } from '#proxy/dns/name-lookup.ts'
import { PrefixMap } from '#proxy/dns/prefix-map.ts'
import { isMadeUp } from '#proxy/dns/synthetic-range.ts'
import { BaseCluster } from './base-cluster.ts'
import { Host } from './host.ts'
import { specialAddressOf } from './special-address.ts'
import type { AddressRefusal, Circuit, Destination, HostChoice } from './upstream-cluster.ts'

/**
 * ORIGINAL_DST: goes where the application dialled, at another port if the service entry says so (targetPort). A Host header or a
 * server name is only what the application says: the address has to be one that DNS answered for the host, or that the entry names.
 */
export class OriginalDstCluster extends BaseCluster {
  private readonly names: NameLookup
  private readonly host: string
  /** Undefined: whatever comes here may go on, if it leads anywhere. */
  private readonly addresses: PrefixMap<Cidr> | undefined
  /** The address that was looked at last, and may be dialled: most are dialled again and again. */
  private admitted = ''

  constructor(config: Cluster, circuit: Circuit, names: NameLookup) {
    super(config, circuit)
    this.names = names
    this.host = config.service?.host.toLowerCase() ?? ''
    const addresses = config.service?.addresses
    this.addresses = addresses === undefined ? undefined : prefixesOf(addresses)
  }

  override pickHost(originalDst: Destination): HostChoice {
    const { address } = originalDst
    if (address === '') return { kind: 'none', reason: 'the original destination is not known' }
    if (address !== this.admitted) {
      const refusal = this.refusalOf(address)
      if (refusal !== undefined) return { kind: 'refused', reason: refusal }
      this.admitted = address
    }
    return { kind: 'host', host: new Host(address, this.config.upstreamPortOverride ?? originalDst.port) }
  }

  private refusalOf(address: string): AddressRefusal | undefined {
    const special = specialAddressOf(address)
    if (special === 'own') return 'local_address'
    const named = this.addresses?.longest(address)
    // A block that holds the link's addresses among all others has not been written with them in mind.
    if (special === 'link') return specialAddressOf(named?.address ?? '') === 'link' ? undefined : 'local_address'
    if (this.addresses === undefined || named !== undefined)
      return isMadeUp(address) && !isMadeUp(named?.address ?? '') ? 'made_up_address' : undefined
    return this.names.wasAnsweredFor(address, this.host) ? undefined : 'address_mismatch'
  }
}

function prefixesOf(cidrs: readonly Cidr[]): PrefixMap<Cidr> {
  const prefixes = new PrefixMap<Cidr>()
  for (const cidr of cidrs) prefixes.add(cidr, cidr)
  return prefixes
}

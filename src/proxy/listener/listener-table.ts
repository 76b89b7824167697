import { parseIpAddress } from '#base/ip-address.ts'
import { type Listener, VIRTUAL_OUTBOUND } from '#proxy/config/model.ts'
import { type CompiledListener, compileListener } from './filter-chain-match.ts'

/** The listeners of one configuration, found by original destination. */
export class ListenerTable {
  private readonly byPlace = new Map<string, Listener>()
  private readonly virtualOutbound: Listener | undefined
  /** A listener is laid out when the first connection needs it: a large mesh has thousands that none ever does. */
  private readonly compiled = new Map<Listener, CompiledListener>()

  constructor(listeners: ReadonlyMap<string, Listener>, before?: ListenerTable) {
    this.virtualOutbound = listeners.get(VIRTUAL_OUTBOUND)
    for (const listener of listeners.values()) {
      for (const address of [listener.address, ...(listener.additionalAddresses ?? [])])
        this.byPlace.set(placeOf(address, listener.port), listener)
      const unchanged = before?.compiled.get(listener)
      if (unchanged !== undefined) this.compiled.set(listener, unchanged)
    }
  }

  /**
   * As Envoy's use_original_dst: the listener at exactly this address and port, else the wildcard listener at the port, else
   * virtualOutbound itself. Undefined only while there is no configuration.
   */
  find(dstIp: string, dstPort: number): CompiledListener | undefined {
    const listener = this.virtualOutbound?.useOriginalDst === false ? undefined : this.findByPlace(dstIp, dstPort)
    const found = listener ?? this.virtualOutbound
    return found && this.compile(found)
  }

  private findByPlace(dstIp: string, dstPort: number): Listener | undefined {
    const exact = this.byPlace.get(placeOf(dstIp, dstPort))
    return exact ?? this.byPlace.get(placeOf(dstIp.includes(':') ? '::' : '0.0.0.0', dstPort))
  }

  private compile(listener: Listener): CompiledListener {
    const known = this.compiled.get(listener)
    if (known !== undefined) return known
    const compiled = compileListener(listener)
    this.compiled.set(listener, compiled)
    return compiled
  }
}

/** One key for one place, however its IPv6 address is written. */
function placeOf(address: string, port: number): string {
  if (!address.includes(':')) return `${address} ${port}`
  return `6:${parseIpAddress(address)?.value ?? address} ${port}`
}

import type { Analyzer, Tell } from '#control/analyze/analysis.ts'
import type { AnalysisCode } from '#control/analyze/codes.ts'
import { stringsAt } from '#control/analyze/json.ts'
import type { MeshObjects } from '#control/analyze/mesh-objects.ts'
import { entryPorts, isAllocatedAddresses, scopesOverlap, visibility } from '#control/analyze/services.ts'
import { originOf, type Subject } from '#control/analyze/subject.ts'
import { isServerFirst, isTls, listenerClass, type Protocol, parseProtocol } from '#control/mesh/protocol.ts'
import { NO_ADDRESS, parseServiceAddress, type ServiceAddress } from '#control/mesh/service-address.ts'

/** One port of a service entry on one listener. */
interface Claim {
  readonly entry: Subject
  readonly exportTo: readonly string[]
  readonly index: number
  readonly port: number
  readonly protocol: Protocol
  readonly place: Place
  /** Nothing but address and port tells where its bytes are to go: no host name is looked for. */
  readonly isOpaque: boolean
}

/** Where a port is served: blocks share the listener of every address, and are told apart on it. */
interface Place {
  /** Equal for all that share a listener of a port. */
  readonly listener: string
  /** The block that destinations must be in; "" where any will do. */
  readonly range: string
}

const EVERYWHERE: readonly Place[] = ['0.0.0.0', '::'].map((listener) => ({ listener, range: '' }))

/** More rivals of one port help nobody. */
const MOST_RIVALS = 5

/** Service entries that cannot both have the same address and port: the older one is served, the other has no effect (spec 3.5). */
export const listenerConflicts: Analyzer = {
  name: 'serviceentry.ListenerConflictAnalyzer',
  codes: ['EGR0001', 'EGR0002', 'EGR0003'],
  analyze(mesh: MeshObjects, tell: Tell) {
    const claims = mesh.ofKind('ServiceEntry').flatMap((entry) => claimsOf(mesh, entry))
    for (const [, rivals] of Map.groupBy(claims, ({ place, port }) => `${place.listener} ${port}`)) {
      const opaque = rivals.filter((claim) => claim.isOpaque)
      const serverFirst = opaque.filter(({ protocol }) => isServerFirst(protocol))
      for (const claim of rivals) {
        const { protocol } = claim
        tellConflicts(claim, isServerFirst(protocol) ? rivals : claim.isOpaque ? opaque : serverFirst, tell)
      }
      tellSpellings(
        rivals.filter((claim) => !claim.isOpaque && isTls(claim.protocol)),
        tell,
      )
    }
  },
}

function tellConflicts(claim: Claim, rivals: readonly Claim[], tell: Tell): void {
  const told = new Set<Subject>()
  for (const other of rivals) {
    if (told.size === MOST_RIVALS) return
    if (other.entry === claim.entry || told.has(other.entry) || !scopesOverlap(other.exportTo, claim.exportTo)) continue
    const conflict = conflictOf(claim, other)
    if (conflict === undefined) continue
    told.add(other.entry)
    tell(claim.entry, conflict.code, conflict.text, { path: ['spec', 'ports', claim.index], others: [other.entry] })
  }
}

/** Server names are the same in any case; of two services that differ in it only, one is served. */
function tellSpellings(claims: readonly Claim[], tell: Tell): void {
  const named = claims.flatMap((claim) => stringsAt(claim.entry.spec, 'hosts').map((host) => ({ claim, host })))
  const groups = Map.groupBy(named, ({ claim, host }) => `${claim.place.range} ${host.toLowerCase()}`)
  for (const group of groups.values())
    for (const { claim, host } of group) {
      const other = group.find((one) => one.host !== host && scopesOverlap(one.claim.exportTo, claim.exportTo))
      if (other === undefined) continue
      const text = `Listener conflict with ${originOf(other.claim.entry)} at port ${claim.port}: "${host}" and "${other.host}" are one server name, whatever their case. Only the older of the two has an effect: write both alike.`
      tell(claim.entry, 'EGR0003', text, { path: ['spec', 'ports', claim.index], others: [other.claim.entry] })
    }
}

function claimsOf(mesh: MeshObjects, entry: Subject): readonly Claim[] {
  const written = stringsAt(entry.spec, 'addresses').flatMap((text) => parseServiceAddress(text) ?? [])
  const isAllocated = written.length === 0 && mesh.allocatesAddresses && isAllocatedAddresses(entry)
  const exportTo = visibility(stringsAt(entry.spec, 'exportTo'), entry.namespace)
  return entryPorts(entry).flatMap(({ number, protocol: name }, index) => {
    const protocol = parseProtocol(name)
    const kind = listenerClass(protocol)
    const claim = { entry, exportTo, index, port: number, protocol }
    // HTTP of every entry shares one listener for each port, on every address.
    if (kind === 'http') return EVERYWHERE.map((place) => ({ ...claim, place, isOpaque: false }))
    // Automatic addresses are nobody else's.
    if (kind === 'none' || isAllocated) return []
    const addresses = written.length === 0 ? [NO_ADDRESS] : written
    return addresses.flatMap((address) =>
      // Names of TLS are looked at where a listener is for more than one address.
      placesOf(address).map((place) => ({ ...claim, place, isOpaque: !isTls(protocol) || address.kind === 'ip' })),
    )
  })
}

function placesOf(address: ServiceAddress): readonly Place[] {
  if (address.kind === 'none') return EVERYWHERE
  if (address.kind === 'ip') return [{ listener: address.address, range: '' }]
  const { range } = address.cidr
  return [{ listener: range.includes(':') ? '::' : '0.0.0.0', range }]
}

function conflictOf(claim: Claim, other: Claim): { readonly code: AnalysisCode; readonly text: string } | undefined {
  const { port, place, protocol } = claim
  const rival = originOf(other.entry)
  const isEverywhere = EVERYWHERE.some(({ listener }) => listener === place.listener)
  if (protocol !== other.protocol && (isServerFirst(protocol) || isServerFirst(other.protocol))) {
    const where = isEverywhere ? `every address, port ${port}` : `${place.listener} port ${port}`
    const text = `Listener conflict with ${rival} at ${where}: ${spoken(protocol)} and ${spoken(other.protocol)} cannot share it, because one of the two servers speaks first. Only the older of the two has an effect: give each entry single addresses of its own.`
    return { code: 'EGR0002', text }
  }
  if (!claim.isOpaque || !other.isOpaque || place.range !== other.place.range) return undefined
  if (isEverywhere && place.range === '') {
    const text = `Listener conflict with ${rival}: both have TCP port ${port} and no addresses, so each claims every call to port ${port}. Only the older of the two has an effect, and it takes the calls meant for the other: give each entry addresses of its own.`
    return { code: 'EGR0001', text }
  }
  const text = `Listener conflict with ${rival} at ${place.range || place.listener} port ${port}: nothing tells calls to the two apart. Only the older of the two has an effect.`
  return { code: 'EGR0003', text }
}

function spoken(protocol: Protocol): string {
  return protocol === '' ? 'a detected protocol' : protocol
}

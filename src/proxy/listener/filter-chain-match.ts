import { type IpAddress, parseIpAddress, prefixOf } from '#base/ip-address.ts'
import type { FilterChain, FilterChainMatch, Listener } from '#proxy/config/model.ts'

/** What is known of a connection when its filter chain is chosen. */
export interface ConnectionFacts {
  readonly dstIp: string
  readonly dstPort: number
  /** SNI, lower case without a trailing dot; "" when there is none or nobody looked. */
  readonly serverName: string
  /** "raw_buffer" when nobody looked. */
  readonly transportProtocol: 'raw_buffer' | 'tls'
  /** In the client's order of preference. */
  readonly applicationProtocols: readonly string[]
}

/** A listener whose filter chains are laid out for matching: port → longest prefix → server name → transport → application protocol. */
export interface CompiledListener {
  readonly listener: Listener
  readonly ports: ReadonlyMap<number, PrefixTable>
}

/** Prefix lengths, longest first, of one family. */
interface PrefixTable {
  readonly v4: readonly PrefixLevel[]
  readonly v6: readonly PrefixLevel[]
}

interface PrefixLevel {
  readonly prefixLength: number
  readonly byPrefix: ReadonlyMap<bigint, ServerNameTable>
}

/** Exact names, ".suffix" for wildcards, "" for chains that ask for none. */
type ServerNameTable = ReadonlyMap<string, TransportTable>
type TransportTable = ReadonlyMap<string, ReadonlyMap<string, FilterChain>>

/** Stands for "any" where a number or text would stand. */
const ANY_PORT = 0
const ANY = ''

/**
 * Envoy's algorithm: at each step the most specific criterion that matches decides, and there is no way back: when nothing below
 * it matches, the default filter chain is taken. Undefined: no chain and no default (flag NR).
 */
export function matchFilterChain(compiled: CompiledListener, facts: ConnectionFacts): FilterChain | undefined {
  return matchSpecific(compiled, facts) ?? compiled.listener.defaultFilterChain
}

function matchSpecific(compiled: CompiledListener, facts: ConnectionFacts): FilterChain | undefined {
  const prefixes = compiled.ports.get(facts.dstPort) ?? compiled.ports.get(ANY_PORT)
  const address = parseIpAddress(facts.dstIp)
  if (prefixes === undefined || address === undefined) return undefined
  const serverNames = longestPrefix(address.family === 4 ? prefixes.v4 : prefixes.v6, address)
  const transports = serverNames && matchServerName(serverNames, facts.serverName)
  const protocols = transports?.get(facts.transportProtocol) ?? transports?.get(ANY)
  if (protocols === undefined) return undefined
  for (const protocol of facts.applicationProtocols) {
    const chain = protocols.get(protocol)
    if (chain !== undefined) return chain
  }
  return protocols.get(ANY)
}

function longestPrefix(levels: readonly PrefixLevel[], address: IpAddress): ServerNameTable | undefined {
  for (const level of levels) {
    const found = level.byPrefix.get(prefixOf(address, level.prefixLength))
    if (found !== undefined) return found
  }
  return undefined
}

/** Exact, then the longest wildcard suffix, then chains without server names. */
function matchServerName(table: ServerNameTable, serverName: string): TransportTable | undefined {
  const exact = serverName === '' ? undefined : table.get(serverName)
  if (exact !== undefined) return exact
  for (let dot = serverName.indexOf('.', 1); dot > 0; dot = serverName.indexOf('.', dot + 1)) {
    const wildcard = table.get(serverName.slice(dot))
    if (wildcard !== undefined) return wildcard
  }
  return table.get(ANY)
}

type MutableLevel = Map<bigint, Map<string, Map<string, Map<string, FilterChain>>>>
/** Keyed by family and prefix length: "4/24". */
type MutablePrefixes = Map<string, MutableLevel>

/** Lays out a listener's filter chains. Of chains with equal matches the first wins (Envoy refuses them at the door). */
export function compileListener(listener: Listener): CompiledListener {
  const ports = new Map<number, MutablePrefixes>()
  for (const chain of listener.filterChains) {
    const prefixes = entryOf(ports, chain.match.destinationPort ?? ANY_PORT, () => new Map())
    for (const prefix of prefixesOf(chain.match)) addChain(prefixes, prefix, chain)
  }
  return {
    listener,
    ports: new Map([...ports].map(([port, prefixes]) => [port, sortPrefixes(prefixes)])),
  }
}

interface Prefix {
  readonly address: IpAddress
  readonly prefixLength: number
}

const EVERYWHERE: readonly Prefix[] = [
  { address: { family: 4, value: 0n }, prefixLength: 0 },
  { address: { family: 6, value: 0n }, prefixLength: 0 },
]

function prefixesOf(match: FilterChainMatch): readonly Prefix[] {
  if (match.prefixRanges.length === 0) return EVERYWHERE
  return match.prefixRanges.flatMap(({ address, prefixLength }) => {
    const parsed = parseIpAddress(address)
    return parsed === undefined ? [] : [{ address: parsed, prefixLength }]
  })
}

function addChain(prefixes: MutablePrefixes, prefix: Prefix, chain: FilterChain): void {
  const { address, prefixLength } = prefix
  const level = entryOf(prefixes, `${address.family}/${prefixLength}`, (): MutableLevel => new Map())
  const serverNames = entryOf(level, prefixOf(address, prefixLength), () => new Map())
  const { match } = chain
  for (const serverName of anyIfEmpty(match.serverNames)) {
    const transports = entryOf(serverNames, serverName.startsWith('*.') ? serverName.slice(1) : serverName, newMap)
    const protocols = entryOf(transports, match.transportProtocol ?? ANY, newMap)
    for (const protocol of anyIfEmpty(match.applicationProtocols)) {
      if (!protocols.has(protocol)) protocols.set(protocol, chain)
    }
  }
}

function sortPrefixes(prefixes: MutablePrefixes): PrefixTable {
  const levelsOf = (family: '4' | '6') =>
    [...prefixes]
      .filter(([key]) => key.startsWith(`${family}/`))
      .map(([key, byPrefix]): PrefixLevel => ({ prefixLength: Number(key.slice(2)), byPrefix }))
      .sort((a, b) => b.prefixLength - a.prefixLength)
  return { v4: levelsOf('4'), v6: levelsOf('6') }
}

function anyIfEmpty(values: readonly string[]): readonly string[] {
  return values.length === 0 ? [ANY] : values
}

function newMap<K, V>(): Map<K, V> {
  return new Map()
}

function entryOf<K, V>(map: Map<K, V>, key: K, create: () => V): V {
  const found = map.get(key)
  if (found !== undefined) return found
  const created = create()
  map.set(key, created)
  return created
}

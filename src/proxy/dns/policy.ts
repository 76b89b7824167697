import { type Cidr, type NameRecord, PASSTHROUGH_CLUSTER, type ProxyConfig } from '#proxy/config/model.ts'
import { chainsOf, prefixesByCluster } from './cluster-prefixes.ts'
import { PrefixMap } from './prefix-map.ts'

/** Where the answer for a name comes from. Decided from the compiled configuration alone. */
export type NameVerdict =
  /** The configuration knows its addresses. `mayAsk`: other record types may be asked upstream. */
  | { readonly kind: 'known'; readonly record: NameRecord; readonly mayAsk: boolean }
  /** A resolver of the host is asked: the application's own address will be dialled, so it needs a true one. */
  | { readonly kind: 'ask'; readonly prefer: Prefixes | undefined }
  /** Asked as well, but the true answer is given only if it lies in these prefixes. */
  | { readonly kind: 'ask_within'; readonly prefixes: Prefixes }
  | { readonly kind: 'localhost' }
  /** A name of nobody's outside (one label, ".local"): does not exist. */
  | { readonly kind: 'nowhere' }
  /** Nobody may reach it, and no resolver hears of it: an address of ours stands for it. */
  | { readonly kind: 'synthetic' }

/** A set of prefixes: look addresses up with `longest`. */
export type Prefixes = PrefixMap<true>

export interface DnsPolicy {
  /** Every name that is not known may be asked upstream (ALLOW_ANY). */
  readonly asksAll: boolean
  /** `name` in lower case, without a trailing dot; "" is the root. */
  verdictOf(name: string): NameVerdict
}

/** The name under which converted EgressRules and Kubernetes services live: nothing outside answers to it. */
const MADE_UP = '.svc.cluster.local'

/** Hosts whose own address is dialled: "x" for x (and what below it lies in its blocks), "*.x" for all below it, "" for all. */
type OpenHosts = Map<string, OpenHost>

/** From where a host may be dialled. The sets are made at the first question: most hosts are never asked for. */
class OpenHost {
  readonly #cidrs: Cidr[] = []
  #anywhere = false
  #blocks: Prefixes | undefined

  /** A host that several clusters stand for is open from the prefixes of all of them. */
  open(cidrs: readonly Cidr[]): void {
    if (cidrs.length === 0) this.#anywhere = true
    this.#cidrs.push(...cidrs)
  }

  /** Undefined: from any address. */
  get prefixes(): Prefixes | undefined {
    return this.#anywhere ? undefined : this.blocks
  }

  /** The addresses that some of its clusters are reached at whatever name was looked up; undefined: there are none. */
  get blocks(): Prefixes | undefined {
    if (this.#cidrs.length > 0) this.#blocks ??= prefixSet(this.#cidrs)
    return this.#blocks
  }
}

/**
 * Compiles which names are answered by whom (spec 3.13, and the rule that names which nobody may reach are never told to a
 * resolver: a DNS question is a way out too). Pure.
 */
export function compileDnsPolicy(config: ProxyConfig): DnsPolicy {
  const asksAll = leadsToPassthrough(config)
  const { open, anyWithin } = openHosts(config)
  const { names } = config
  const verdictOf = (name: string): NameVerdict => {
    const known = knownAs(names, name)
    const asked = openAs(open, name)
    const beatsAsked = known !== undefined && (asked === undefined || known.specificity >= asked.specificity)
    if (beatsAsked) return { kind: 'known', record: known.record, mayAsk: asksAll || asked !== undefined }
    if (asked?.within !== undefined) return { kind: 'ask_within', prefixes: asked.within }
    if (asked !== undefined) return { kind: 'ask', prefer: asked.host.prefixes }
    if (name === 'localhost' || name.endsWith('.localhost')) return LOCALHOST
    if (asksAll) return { kind: 'ask', prefer: undefined }
    if (!name.includes('.') || name.endsWith('.local')) return NOWHERE
    return anyWithin === undefined ? SYNTHETIC : { kind: 'ask_within', prefixes: anyWithin }
  }
  return { asksAll, verdictOf }
}

const LOCALHOST: NameVerdict = { kind: 'localhost' }
const NOWHERE: NameVerdict = { kind: 'nowhere' }
const SYNTHETIC: NameVerdict = { kind: 'synthetic' }

/** What no listener names goes where it was dialled (ALLOW_ANY). */
export function leadsToPassthrough(config: ProxyConfig): boolean {
  const outbound = config.listeners.get('virtualOutbound')
  return (
    outbound !== undefined &&
    chainsOf(outbound).some(
      ({ terminal }) =>
        terminal.kind === 'tcp_proxy' && terminal.clusters.some((cluster) => cluster.name === PASSTHROUGH_CLUSTER),
    )
  )
}

function openHosts(config: ProxyConfig): { open: OpenHosts; anyWithin: Prefixes | undefined } {
  const prefixes = prefixesByCluster(config)
  const open: OpenHosts = new Map()
  const within: Cidr[] = []
  for (const cluster of config.clusters.values()) {
    if (cluster.type !== 'ORIGINAL_DST' || cluster.service === undefined) continue
    const host = cluster.service.host.toLowerCase()
    const cidrs = prefixes.get(cluster.name) ?? []
    if (!host.endsWith(MADE_UP)) for (const key of openKeys(host)) openHost(open, key, cidrs)
    else if (cidrs.length > 0) within.push(...cidrs)
    // Whoever may dial any address on a port may know the address of any name.
    else openHost(open, '', [])
  }
  return { open, anyWithin: within.length === 0 ? undefined : prefixSet(within) }
}

/** "*google.com" of an EgressRule covers google.com and what is below it; "*" covers everything. */
function openKeys(host: string): readonly string[] {
  if (!host.startsWith('*') || host.startsWith('*.')) return [host]
  const parent = host.slice(1).replace(/^-/, '')
  return parent === '' ? [''] : [parent, `*.${parent}`]
}

function openHost(open: OpenHosts, host: string, cidrs: readonly Cidr[]): void {
  let held = open.get(host)
  if (held === undefined) {
    held = new OpenHost()
    open.set(host, held)
  }
  held.open(cidrs)
}

function prefixSet(cidrs: readonly Cidr[]): Prefixes {
  const set: Prefixes = new PrefixMap()
  for (const cidr of cidrs) set.add(cidr, true)
  return set
}

/** The longer the matching suffix, the more specific; an exact match beats all. */
interface KnownAs {
  readonly record: NameRecord
  readonly specificity: number
}

function knownAs(names: ProxyConfig['names'], name: string): KnownAs | undefined {
  const exact = names.get(name)
  if (exact !== undefined) return { record: exact, specificity: Number.POSITIVE_INFINITY }
  for (const parent of parentsOf(name)) {
    const record = names.get(`*.${parent}`)
    if (record !== undefined) return { record, specificity: parent.length }
  }
  return undefined
}

interface OpenAs {
  readonly host: OpenHost
  /** Set for names below a host that is reached by its addresses: blocks of them serve such names as well (www.). */
  readonly within?: Prefixes
  readonly specificity: number
}

function openAs(open: OpenHosts, name: string): OpenAs | undefined {
  const exact = open.get(name)
  if (exact !== undefined) return { host: exact, specificity: Number.POSITIVE_INFINITY }
  for (const parent of parentsOf(name)) {
    const host = open.get(`*.${parent}`)
    if (host !== undefined) return { host, specificity: parent.length }
    const above = open.get(parent)
    if (above?.blocks !== undefined) return { host: above, within: above.blocks, specificity: parent.length }
  }
  const all = open.get('')
  return all === undefined ? undefined : { host: all, specificity: 0 }
}

function* parentsOf(name: string): Generator<string> {
  for (let dot = name.indexOf('.'); dot >= 0; dot = name.indexOf('.', dot + 1)) yield name.slice(dot + 1)
}

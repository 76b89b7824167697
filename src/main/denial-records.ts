import { closeSync, openSync, writeSync } from 'node:fs'
import { faultOfFqdn } from '#api/rules/domain-name.ts'
import { protocolOfPort, servicePort } from '#api/rules/port.ts'
import { Fault, messageOf } from '#base/fault.ts'
import { formatHostPort } from '#base/host-port.ts'
import { TokenBucket } from '#base/token-bucket.ts'
import type { DeniedDestination } from '#cli/summary.ts'
import type { Denial } from '#proxy/denial/denial.ts'
import type { LedgerEntry } from '#proxy/denial/denial-ledger.ts'
import { renderDenial, whyDenied } from '#proxy/denial/sentence.ts'
import { syntheticSlot } from '#proxy/dns/synthetic-range.ts'

/** Records in a second, and at once: a program that is refused in a loop must not fill the disk. */
const RECORD_BUDGET = { ratePerSecond: 100, burst: 1_000 }

/** Writes one JSON record for each denial, with the ServiceEntry that would allow it; beyond a rate they are only counted. */
export class DenialRecords {
  /** Settles when no code is read any more for a record: the program, which may be able to write that code, starts later. */
  readonly ready: Promise<void>
  readonly #descriptor: number | undefined
  readonly #path: string
  readonly #command: string
  readonly #onNotice: (text: string) => void
  readonly #budget = new TokenBucket(RECORD_BUDGET, () => performance.now())
  #suppressed = 0
  #isBroken = false
  #writing: Promise<void> = Promise.resolve()

  /**
   * @param path a file (created 0600, appended to), "-" for standard error, undefined for nowhere. Throws a Fault `run/denial-log`
   *   when it cannot be opened
   * @param command how `postern` is called here
   * @param onNotice hears once that records cannot be written; the run goes on
   */
  constructor(path: string | undefined, command: string, onNotice: (text: string) => void) {
    this.#path = path ?? ''
    this.#command = command
    this.#onNotice = onNotice
    this.ready = path === undefined ? Promise.resolve() : loadSuggestions().then(() => {})
    if (path !== undefined) this.#descriptor = path === '-' ? 2 : openLog(path)
  }

  write(denial: Denial): void {
    if (this.#descriptor === undefined) return
    if (!this.#budget.take()) {
      this.#suppressed += 1
      return
    }
    this.#writing = this.#writing.then(async () => {
      const suggestion = await suggestionFor(denial)
      this.#append({ ...denial, mend: mendOf(denial, this.#command), suggestion })
    })
  }

  /** Settles when everything is written, last how many records were left out. */
  async close(): Promise<void> {
    await this.#writing
    if (this.#descriptor === undefined) return
    if (this.#suppressed > 0) this.#append({ suppressed: this.#suppressed })
    if (this.#descriptor !== 2) closeSync(this.#descriptor)
  }

  /** A full disk or a reader that has gone takes the records away, not the run. */
  #append(record: object): void {
    try {
      writeSync(this.#descriptor ?? 2, `${JSON.stringify(record, nullForUndefined)}\n`)
    } catch (thrown) {
      if (!this.#isBroken) this.#onNotice(`denials cannot be written to "${this.#path}": ${messageOf(thrown)}`)
      this.#isBroken = true
    }
  }
}

function openLog(path: string): number {
  try {
    return openSync(path, 'a', 0o600)
  } catch (cause) {
    throw new Fault('run/denial-log', `cannot open the denial log "${path}": ${messageOf(cause)}`, { cause })
  }
}

/** Every record has every field: what is not known is null. */
function nullForUndefined(_key: string, value: unknown): unknown {
  return value === undefined ? null : value
}

/** What another ServiceEntry would have to name. */
interface Nameable {
  readonly host?: string
  readonly ip?: string
  readonly port: number
  /** Upper case, as an entry declares it. */
  readonly protocol: string
}

/**
 * What another ServiceEntry would open. Undefined when none does: the program, or the entry that is there, has to change, because an entry
 * takes nothing from a second one of the same host unless they are alike but for their ports. A name is told by its own entry; what
 * is no domain name by its address, unless that was made up for it.
 */
function nameable({ reason, host, hostKnownBy, protocol, destination }: Denial): Nameable | undefined {
  const byAddress = host === undefined && (reason === 'address_not_allowed' || reason === 'no_sni')
  if ((reason !== 'no_service_entry' && !byAddress) || host?.includes('\\') === true) return undefined
  const { ip, port } = destination
  if (host !== undefined && faultOfFqdn(host) === undefined)
    return { host, port, protocol: declarable(protocol, hostKnownBy, port) }
  return ip !== '' && syntheticSlot(ip) === undefined ? { ip, port, protocol: 'TCP' } : undefined
}

/** What is told by no name of its own is opaque; what asked a proxy for its way was refused before it spoke, and is what the port usually carries. */
function declarable(protocol: Denial['protocol'], hostKnownBy: Denial['hostKnownBy'], port: number): string {
  if (hostKnownBy === 'connect' && protocol === 'tcp') return protocolOfPort(port, undefined)
  return protocol === 'tls' && hostKnownBy !== 'sni' ? 'TCP' : protocol.toUpperCase()
}

/** The kinds are loaded for suggestions only. */
function loadSuggestions() {
  return import('#api/suggest.ts')
}

/** YAML of a ServiceEntry that would allow the call; null when none can. */
async function suggestionFor(denial: Denial): Promise<string | null> {
  const target = nameable(denial)
  if (target === undefined) return null
  const { suggestServiceEntry } = await loadSuggestions()
  const suggested = suggestServiceEntry(target)
  return suggested.kind === 'none' ? null : suggested.yaml
}

/** A denial as the closing summary tells it. */
export function deniedDestination({ denial, count }: LedgerEntry, command: string): DeniedDestination {
  const { ip, port } = denial.destination
  const destination = formatHostPort(denial.host ?? ip, port)
  const mend = mendOf(denial, command)
  return {
    destination,
    count,
    reason: denial.reason,
    sentence: whyDenied({ ...denial, nearest: undefined }),
    nearest: denial.nearest === undefined ? '' : `${denial.nearest.rule} ${denial.nearest.allows}`,
    mend: mend ?? '',
    text: renderDenial(denial, { suggestion: mend }),
  }
}

/** What would allow it: a command, or a change; undefined where neither would do. */
function mendOf(denial: Denial, command: string): string | undefined {
  return portToAdd(denial) ?? addressToAdd(denial) ?? allowCommand(denial, command)
}

/** What the nearest entry lacks, ready to be pasted; undefined when it is no port. */
function portToAdd({ reason, host, hostKnownBy, protocol, destination, nearest }: Denial): string | undefined {
  if (reason !== 'port_not_allowed' || nearest === undefined) return undefined
  const spoken = host === undefined ? 'TCP' : declarable(protocol, hostKnownBy, destination.port)
  const { number, name, protocol: declared } = servicePort(destination.port, protocolOfPort(destination.port, spoken))
  if (!nearest.rule.startsWith('EgressRule '))
    return `add {number: ${number}, name: ${name}, protocol: ${declared}} to spec.ports of ${nearest.rule}`
  // Rules of Istio 0.2 write ports in another way, know fewer protocols, and open TCP of addresses only.
  const there = declared === 'TLS' ? 'https' : host === undefined ? 'tcp' : declared.toLowerCase()
  if (host !== undefined && there !== 'https' && there !== 'http') return undefined
  return `add {port: ${number}, protocol: ${there}} to spec.ports of ${nearest.rule}`
}

/** Where the program knew the address of a named host by itself. */
function addressToAdd({ reason, host, destination, nearest }: Denial): string | undefined {
  if (reason !== 'address_not_allowed' && reason !== 'address_mismatch') return undefined
  if (host === undefined || nearest?.rule.startsWith('ServiceEntry ') !== true) return undefined
  const { ip } = destination
  return ip === '' || syntheticSlot(ip) !== undefined ? undefined : `add ${ip} to spec.addresses of ${nearest.rule}`
}

/** The command that prints the ServiceEntry; of a name's port it knows what that usually carries, and has to be told of anything else. */
function allowCommand(denial: Denial, command: string): string | undefined {
  const target = nameable(denial)
  if (target === undefined) return undefined
  const { host, ip = '', port } = target
  const declared = protocolOfPort(port, target.protocol)
  const protocol = host === undefined || declared === protocolOfPort(port, undefined) ? '' : ` --protocol ${declared}`
  return `${command} allow ${formatHostPort(host ?? ip, port)}${protocol} > allow.yaml`
}

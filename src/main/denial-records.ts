import { closeSync, openSync, writeSync } from 'node:fs'
import { faultOfFqdn } from '#api/rules/domain-name.ts'
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
  readonly #onNotice: (text: string) => void
  readonly #budget = new TokenBucket(RECORD_BUDGET, () => performance.now())
  #suppressed = 0
  #isBroken = false
  #writing: Promise<void> = Promise.resolve()

  /**
   * @param path a file (created 0600, appended to), "-" for standard error, undefined for nowhere. Throws a Fault `run/denial-log`
   *   when it cannot be opened
   * @param onNotice hears once that records cannot be written; the run goes on
   */
  constructor(path: string | undefined, onNotice: (text: string) => void) {
    this.#path = path ?? ''
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
      this.#append({ ...denial, suggestion })
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

/** What a ServiceEntry can name of a destination. */
interface Nameable {
  readonly host: string | undefined
  readonly ip: string | undefined
}

/** Another ServiceEntry does not open these: the program, or the one that is there, has to change. */
const BEYOND_ENTRIES: ReadonlySet<Denial['reason']> = new Set([
  'udp',
  'http_version',
  'protocol_mismatch',
  'local_address',
])

/** A name is told by its own entry; what is no domain name by its address, unless that was made up for it. Undefined when neither will do. */
function nameable({ reason, host, destination }: Denial): Nameable | undefined {
  if (BEYOND_ENTRIES.has(reason) || host?.includes('\\') === true) return undefined
  if (host !== undefined && faultOfFqdn(host) === undefined) return { host, ip: undefined }
  return syntheticSlot(destination.ip) === undefined ? { host: undefined, ip: destination.ip } : undefined
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
  const suggested = suggestServiceEntry({
    ...target,
    port: denial.destination.port,
    protocol: denial.protocol,
  })
  return suggested.kind === 'none' ? null : suggested.yaml
}

/** A denial as the closing summary tells it. */
export function deniedDestination({ denial, count }: LedgerEntry, command: string): DeniedDestination {
  const { ip, port } = denial.destination
  const destination = formatHostPort(denial.host ?? ip, port)
  const mend = allowCommand(denial, command)
  return {
    destination,
    count,
    reason: denial.reason,
    sentence: whyDenied({ ...denial, nearest: undefined }),
    nearest: denial.nearest === undefined ? '' : `${denial.nearest.rule} ${denial.nearest.allows}`,
    mend,
    text: renderDenial(denial, { suggestion: mend === '' ? undefined : mend }),
  }
}

/** The command that prints the ServiceEntry; it knows of a port what it usually carries, and has to be told of TLS elsewhere. */
function allowCommand(denial: Denial, command: string): string {
  const target = nameable(denial)
  if (target === undefined) return ''
  const { port } = denial.destination
  const protocol = target.host !== undefined && denial.protocol === 'tls' && port !== 443 ? ' --protocol TLS' : ''
  return `${command} allow ${formatHostPort(target.host ?? target.ip ?? '', port)}${protocol} > allow.yaml`
}

import { closeSync, openSync, writeSync } from 'node:fs'
import { Fault, messageOf } from '#base/fault.ts'
import { formatHostPort } from '#base/host-port.ts'
import { TokenBucket } from '#base/token-bucket.ts'
import type { DeniedDestination } from '#cli/summary.ts'
import type { Denial } from '#proxy/denial/denial.ts'
import type { LedgerEntry } from '#proxy/denial/denial-ledger.ts'
import { renderDenial, whyDenied } from '#proxy/denial/sentence.ts'

/** Records in a second, and at once: a program that is refused in a loop must not fill the disk. */
const RECORD_BUDGET = { ratePerSecond: 100, burst: 1_000 }

/** Writes one JSON record for each denial, with the ServiceEntry that would allow it; beyond a rate they are only counted. */
export class DenialRecords {
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

/** No ServiceEntry of a host opens UDP, HTTP/1.0, what is this machine's own, or a name that is none. */
function canBeAllowed({ protocol, reason, host }: Denial): boolean {
  if (protocol === 'udp' || reason === 'http_version' || reason === 'local_address') return false
  return host?.includes('\\') !== true
}

/** YAML of a ServiceEntry that would allow the call; null when none can. The kinds are loaded for it only. */
async function suggestionFor(denial: Denial): Promise<string | null> {
  if (!canBeAllowed(denial)) return null
  const { suggestServiceEntry } = await import('#api/suggest.ts')
  const suggested = suggestServiceEntry({
    host: denial.host,
    ip: denial.destination.ip,
    port: denial.destination.port,
    protocol: denial.protocol,
  })
  return suggested.kind === 'none' ? null : suggested.yaml
}

/** A denial as the closing summary tells it. */
export function deniedDestination({ denial, count }: LedgerEntry, command: string): DeniedDestination {
  const { ip, port } = denial.destination
  const destination = formatHostPort(denial.host ?? ip, port)
  const mend = !canBeAllowed(denial) ? '' : `${command} allow ${destination} > allow.yaml`
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

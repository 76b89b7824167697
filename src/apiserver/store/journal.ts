import type { DatabaseSync, StatementSync } from 'node:sqlite'
import type { Change } from './decide-writes.ts'
import type { HeadFile } from './head-file.ts'
import type { StoreRows } from './read-rows.ts'
import {
  Digest,
  type HeadRow,
  headChecksum,
  historyChecksum,
  type ObjectRow,
  objectChecksum,
  type VersionRow,
} from './rows.ts'
import type { StoreKey } from './store.ts'
import type { Vault } from './vault.ts'

/** How much of the past is kept, at most: whichever is less. */
export interface HistoryLimit {
  readonly events: number
  /** Of the values as they are stored. */
  readonly bytes: number
}

/** Which values are sealed, and how. */
export interface Sealing {
  readonly vault: Vault
  readonly kinds: readonly { readonly group: string; readonly plural: string }[]
}

/** What an event weighs besides its value: its key, in the database and in memory. */
const EVENT_BYTES = 256
const NOTHING: VersionRow = { revision: 0, sealed: 0, value: new Uint8Array() }

/** The side of the store that is on disk: takes groups of events, each as one transaction. */
export class Journal {
  readonly #database: DatabaseSync
  readonly #headFile: HeadFile | undefined
  readonly #sealing: Sealing | undefined
  readonly #limit: HistoryLimit
  readonly #sql: Readonly<Record<keyof typeof STATEMENTS, StatementSync>>
  #head: Omit<HeadRow, 'checksum'>
  /** What each kept event weighs, oldest first. */
  #weights: number[]

  constructor(options: {
    readonly database: DatabaseSync
    readonly headFile: HeadFile | undefined
    readonly sealing: Sealing | undefined
    readonly limit: HistoryLimit
    /** What the database holds. */
    readonly rows: StoreRows
  }) {
    this.#database = options.database
    this.#headFile = options.headFile
    this.#sealing = options.sealing
    this.#limit = options.limit
    this.#head = options.rows.head
    this.#weights = options.rows.history.map(weightOf)
    const prepared = Object.entries(STATEMENTS).map(([name, sql]) => [name, this.#database.prepare(sql)])
    this.#sql = Object.fromEntries(prepared) as Record<keyof typeof STATEMENTS, StatementSync>
    const keyId = options.sealing?.vault.keyId
    if (keyId !== undefined && keyId !== this.#head.key_id) {
      this.#head = { ...this.#head, key_id: keyId }
      this.#sql.head.run(...headValues(this.#head))
    }
  }

  /**
   * Writes changes whose revisions follow the newest one. They are durable when this returns, which answers the oldest state that is kept;
   * when it throws, none of them happened.
   */
  commit(changes: readonly Change[]): number {
    this.#database.exec('BEGIN IMMEDIATE')
    try {
      const digest = new Digest(this.#head.digest)
      const weights = [...this.#weights, ...changes.map((change) => this.#write(change, digest))]
      const revision = this.#head.revision + changes.length
      const compacted = revision - this.#keep(weights)
      if (compacted > this.#head.compacted) this.#sql.forget.run(compacted)
      const head = { ...this.#head, revision, compacted, digest: digest.digits }
      this.#sql.head.run(...headValues(head))
      this.#database.exec('COMMIT')
      this.#head = head
      this.#weights = weights
    } catch (thrown) {
      if (this.#database.isTransaction) this.#database.exec('ROLLBACK')
      throw thrown
    }
    this.#headFile?.advance(this.#head.revision)
    return this.#head.compacted
  }

  close(): void {
    this.#database.close()
    this.#headFile?.close()
  }

  /** Writes one event and answers what its row of history weighs. */
  #write({ event, text }: Change, digest: Digest): number {
    const { kind, object } = event
    const { key, revision } = object
    const place = [key.group, key.plural, key.namespace, key.name]
    const found = this.#sql.find.get(...place) as ObjectRow | undefined
    if (found !== undefined) digest.subtract(found.checksum)
    const before = found ?? NOTHING
    const checksum = historyChecksum(revision, kind, key, before)
    this.#sql.remember.run(revision, kind, ...place, before.revision, before.sealed, before.value, checksum)
    if (kind === 'delete') {
      this.#sql.remove.run(...place)
    } else {
      const version = this.#versionOf(key, revision, text)
      const own = objectChecksum(key, version)
      digest.add(own)
      this.#sql.put.run(...place, revision, version.sealed, version.value, own)
    }
    return weightOf(before)
  }

  #versionOf(key: StoreKey, revision: number, text: string): VersionRow {
    const plain = Buffer.from(text)
    const isSealed = this.#sealing?.kinds.some(({ group, plural }) => group === key.group && plural === key.plural)
    if (this.#sealing === undefined || !isSealed) return { revision, sealed: 0, value: plain }
    return { revision, sealed: 1, value: this.#sealing.vault.seal(key, revision, plain) }
  }

  /** Drops the oldest weights that are too much, and answers how many are left. */
  #keep(weights: number[]): number {
    let total = 0
    let kept = 0
    for (let at = weights.length - 1; at >= 0 && kept < this.#limit.events; at--) {
      total += weights[at]!
      if (total > this.#limit.bytes) break
      kept++
    }
    weights.splice(0, weights.length - kept)
    return kept
  }
}

/** Writes the one row of `head`, with its checksum. */
export function writeHead(database: DatabaseSync, head: Omit<HeadRow, 'checksum'>): void {
  database.prepare(STATEMENTS.head).run(...headValues(head))
}

function headValues(head: Omit<HeadRow, 'checksum'>) {
  const { revision, compacted, digest, key_id } = head
  return [revision, compacted, digest, key_id, headChecksum(head)] as const
}

const STATEMENTS = {
  head: 'INSERT OR REPLACE INTO head VALUES (1, ?, ?, ?, ?, ?)',
  find: 'SELECT * FROM objects WHERE grp = ? AND plural = ? AND namespace = ? AND name = ?',
  put: 'INSERT OR REPLACE INTO objects VALUES (?, ?, ?, ?, ?, ?, ?, ?)',
  remove: 'DELETE FROM objects WHERE grp = ? AND plural = ? AND namespace = ? AND name = ?',
  remember: 'INSERT INTO history VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)',
  forget: 'DELETE FROM history WHERE at <= ?',
}

function weightOf({ value }: VersionRow): number {
  return EVENT_BYTES + value.length
}

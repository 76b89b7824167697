import { hash } from 'node:crypto'
import { closeSync, fsyncSync, openSync, readFileSync, writeSync } from 'node:fs'
import { join } from 'node:path'
import { messageOf } from '#base/fault.ts'
import { writeDurably } from './durable-file.ts'

/** What the head file says: which database is in force, and a revision that it must have reached. */
export interface StoreHead {
  /** A file name in the directory of the store. */
  readonly database: string
  readonly revision: number
}

export type HeadReading =
  | { readonly kind: 'absent' }
  | { readonly kind: 'unreadable'; readonly reason: string }
  | { readonly kind: 'head'; readonly head: StoreHead }

const NAME = 'head'
const LINE = /^postern-store database=(store-\d+\.db) revision=(\d{16}) check=([0-9a-f]{16})\n$/

/**
 * One line beside the database. SQLite takes a damaged write-ahead log for one whose end was never written and goes back to what stands
 * before the damage; the revision here, written after each commit and before it is acknowledged, tells the two apart. The line itself is
 * not waited for: after a loss of power it may be an older one, which is true as well. The file is replaced as a whole to put another
 * database in force: that is what makes a restore one step.
 */
export class HeadFile {
  readonly #database: string
  readonly #descriptor: number

  private constructor(database: string, descriptor: number) {
    this.#database = database
    this.#descriptor = descriptor
  }

  static read(directory: string): HeadReading {
    let text: string
    try {
      text = readFileSync(join(directory, NAME), 'latin1')
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code === 'ENOENT') return { kind: 'absent' }
      return { kind: 'unreadable', reason: messageOf(thrown) }
    }
    const [, database, revision] = LINE.exec(text) ?? []
    if (database === undefined || text !== lineOf({ database, revision: Number(revision) })) {
      return { kind: 'unreadable', reason: 'its line is damaged' }
    }
    return { kind: 'head', head: { database, revision: Number(revision) } }
  }

  static write(directory: string, head: StoreHead): void {
    writeDurably(join(directory, NAME), Buffer.from(lineOf(head), 'latin1'))
  }

  /** Opens the file, which must be there, to follow the commits of `database`, of which `revision` is the newest. */
  static follow(directory: string, database: string, revision: number): HeadFile {
    const file = new HeadFile(database, openSync(join(directory, NAME), 'r+'))
    file.advance(revision)
    fsyncSync(file.#descriptor)
    return file
  }

  /** Says that a revision is durable. All lines have the same length, so one is written over the other. */
  advance(revision: number): void {
    writeSync(this.#descriptor, lineOf({ database: this.#database, revision }), 0, 'latin1')
  }

  close(): void {
    fsyncSync(this.#descriptor)
    closeSync(this.#descriptor)
  }
}

function lineOf({ database, revision }: StoreHead): string {
  const start = `postern-store database=${database} revision=${String(revision).padStart(16, '0')}`
  return `${start} check=${hash('sha256', start).slice(0, 16)}\n`
}

import { createHash, randomBytes } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { StateFiles } from './state-files.ts'
import type { User } from './user.ts'

const FILE = 'tokens.json'
const TOKEN_BYTES = 32

interface TokenRow extends User {
  /** SHA-256 of the token, hexadecimal: a token is random, so that its hash gives nothing away. */
  readonly hash: string
}

/** Bearer tokens: 256 random bits each, of which only the hash is kept. */
export class Tokens {
  readonly #files: StateFiles
  #rows: ReadonlyMap<string, User>

  /** Throws a Fault when the file of hashes is broken. */
  constructor(files: StateFiles) {
    this.#files = files
    this.#rows = new Map(readRows(files).map(({ hash, name, groups }) => [hash, { name, groups }]))
  }

  /** A new token for `user`; those that it has stay good. */
  issue(user: User): string {
    const token = randomBytes(TOKEN_BYTES).toString('base64url')
    this.#keep(new Map([...this.#rows, [hashOf(token), user]]))
    return token
  }

  /** Takes every token of a user back. */
  revoke(name: string): void {
    this.#keep(new Map([...this.#rows].filter(([, user]) => user.name !== name)))
  }

  /** Looked up by hash: how long it takes says nothing about a token. */
  userOf(token: string): User | undefined {
    return this.#rows.get(hashOf(token))
  }

  #keep(rows: ReadonlyMap<string, User>): void {
    const list: readonly TokenRow[] = [...rows].map(([hash, { name, groups }]) => ({ hash, name, groups }))
    this.#files.write(FILE, `${JSON.stringify(list, undefined, 1)}\n`)
    this.#rows = rows
  }
}

function readRows(files: StateFiles): readonly TokenRow[] {
  const text = files.read(FILE)
  if (text === undefined) return []
  try {
    const rows: unknown = JSON.parse(text)
    if (Array.isArray(rows) && rows.every(isRow)) return rows
  } catch {
    // Told below, without what the file says.
  }
  throw new Fault('apiserver/tokens-broken', `"${FILE}" in "${files.directory}" cannot be read`, {
    mend: 'remove the file: every bearer token must then be issued again',
  })
}

function isRow(value: unknown): value is TokenRow {
  if (typeof value !== 'object' || value === null) return false
  const { hash, name, groups } = value as Partial<Record<keyof TokenRow, unknown>>
  return typeof hash === 'string' && typeof name === 'string' && Array.isArray(groups)
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

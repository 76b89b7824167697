import { createHash, randomBytes, X509Certificate } from 'node:crypto'
import { Fault } from '#base/fault.ts'
import type { CertificateAuthority } from './certificate-authority.ts'
import type { KeyPair } from './key-pair.ts'
import type { StateFiles } from './state-files.ts'
import type { User } from './user.ts'

const FILE = 'issued.json'
const TOKEN_BYTES = 32
const ID_DIGITS = 32

/** Credentials that are good. */
export interface IssuedCredential extends User {
  /** Of a certificate its serial number, of a token the beginning of its hash: 32 hexadecimal digits. */
  readonly id: string
  readonly kind: 'certificate' | 'token'
  /** RFC 3339 */
  readonly issuedAt: string
  /** RFC 3339; absent: never. */
  readonly expiresAt?: string
}

/** As kept: a token is random, so that its SHA-256 (hexadecimal) gives nothing away. */
interface Row extends IssuedCredential {
  readonly hash?: string
}

/**
 * Who was issued which credentials. Good is what is in the list, so that nothing comes back when the list is lost: a certificate of the authority
 * that is not in it is refused like one of a stranger.
 */
export class Credentials {
  readonly #files: StateFiles
  readonly #authority: CertificateAuthority
  #rows: ReadonlyMap<string, Row>
  /** Tokens that end with the process, by hash. */
  readonly #ofProcess = new Map<string, IssuedCredential>()

  /** Throws a Fault `apiserver/credentials-broken` when the list cannot be read. */
  constructor(files: StateFiles, authority: CertificateAuthority) {
    this.#files = files
    this.#authority = authority
    this.#rows = new Map(readRows(files).map((row) => [row.id, row]))
  }

  /** A certificate for `user`, good for a year; what else they have stays good. */
  async issueCertificate({ name, groups }: User): Promise<{ readonly id: string; readonly pair: KeyPair }> {
    const pair = await this.#authority.issueClient({ name, groups })
    const { serialNumber, validToDate } = new X509Certificate(pair.certificate)
    const id = serialNumber.toLowerCase()
    this.#add({ id, kind: 'certificate', name, groups, issuedAt: now(), expiresAt: timeText(validToDate) })
    return { id, pair }
  }

  /** A bearer token for `user`: 256 random bits, of which only the hash is kept. */
  issueToken({ name, groups }: User): { readonly id: string; readonly token: string } {
    const { token, hash, id } = newToken()
    this.#add({ id, kind: 'token', name, groups, issuedAt: now(), hash })
    return { id, token }
  }

  /** A token for a part of this process: it is in no list and ends with the process. */
  issueProcessToken({ name, groups }: User): string {
    const { token, hash, id } = newToken()
    this.#ofProcess.set(hash, { id, kind: 'token', name, groups, issuedAt: now() })
    return token
  }

  /** Oldest first. */
  list(): readonly IssuedCredential[] {
    return [...this.#rows.values()].filter(isGood).map(({ hash: _, ...issued }) => issued)
  }

  /**
   * Takes back what has this id, or all that a user has; answers what that was. It is refused from then on, also when a Fault says that it could not
   * be written down.
   */
  revoke(idOrUser: string): readonly IssuedCredential[] {
    const revoked = this.list().filter(({ id, name }) => id === idOrUser.toLowerCase() || name === idOrUser)
    if (revoked.length === 0) return []
    const ids = new Set(revoked.map(({ id }) => id))
    this.#rows = new Map([...this.#rows].filter(([id]) => !ids.has(id)))
    this.#write()
    return revoked
  }

  /** By the serial number of a certificate that the authority has signed. */
  ofCertificate(serialNumber: string): IssuedCredential | undefined {
    const row = this.#rows.get(serialNumber.toLowerCase())
    return row?.kind === 'certificate' && isGood(row) ? row : undefined
  }

  /** Looked up by hash: how long it takes says nothing about a token. */
  ofToken(token: string): IssuedCredential | undefined {
    const hash = hashOf(token)
    const row = this.#rows.get(hash.slice(0, ID_DIGITS))
    return row?.hash === hash ? row : this.#ofProcess.get(hash)
  }

  #add(row: Row): void {
    this.#rows = new Map([...this.#rows, [row.id, row] as const].filter(([, one]) => isGood(one)))
    this.#write()
  }

  #write(): void {
    this.#files.write(FILE, `${JSON.stringify([...this.#rows.values()], undefined, 1)}\n`)
  }
}

function newToken(): { readonly token: string; readonly hash: string; readonly id: string } {
  const token = randomBytes(TOKEN_BYTES).toString('base64url')
  const hash = hashOf(token)
  return { token, hash, id: hash.slice(0, ID_DIGITS) }
}

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex')
}

function isGood({ expiresAt }: IssuedCredential): boolean {
  return expiresAt === undefined || Date.parse(expiresAt) > Date.now()
}

function now(): string {
  return timeText(new Date())
}

function timeText(time: Date): string {
  return `${time.toISOString().slice(0, 19)}Z`
}

function readRows(files: StateFiles): readonly Row[] {
  const text = files.read(FILE)
  if (text === undefined) return []
  try {
    const rows: unknown = JSON.parse(text)
    if (Array.isArray(rows) && rows.every(isRow)) return rows
  } catch {
    // Told below, without what the file says.
  }
  throw new Fault('apiserver/credentials-broken', `"${FILE}" in "${files.directory}" cannot be read`, {
    mend: 'remove the file: all credentials are refused then, and must be issued again',
  })
}

function isRow(value: unknown): value is Row {
  if (typeof value !== 'object' || value === null) return false
  const { id, kind, name, groups, issuedAt, expiresAt, hash } = value as Partial<Record<keyof Row, unknown>>
  const isKnown = kind === 'token' ? typeof hash === 'string' : kind === 'certificate' && isTime(expiresAt)
  return [id, name, issuedAt].every((one) => typeof one === 'string') && Array.isArray(groups) && isKnown
}

function isTime(value: unknown): boolean {
  return typeof value === 'string' && !Number.isNaN(Date.parse(value))
}

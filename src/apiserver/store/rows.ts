import { hash } from 'node:crypto'
import type { StoreKey } from './store.ts'

/** One version of an object as it lies in the database. */
export interface VersionRow {
  readonly revision: number
  /** 1: `value` is sealed (vault.ts), 0: it is JSON. */
  readonly sealed: number
  readonly value: Uint8Array
}

interface KeyRow {
  readonly grp: string
  readonly plural: string
  readonly namespace: string
  readonly name: string
}

export interface ObjectRow extends KeyRow, VersionRow {
  readonly checksum: Uint8Array
}

/** What stood at a key before revision `at`; `revision` 0 when nothing did. */
export interface HistoryRow extends ObjectRow {
  readonly at: number
  readonly change: string
}

export interface HeadRow {
  readonly revision: number
  readonly compacted: number
  /** Sum of the checksums of all objects: 32 hexadecimal digits. */
  readonly digest: string
  /** Which key the sealed rows are sealed with; "" when there has been none. */
  readonly key_id: string
  readonly checksum: Uint8Array
}

export function keyOf({ grp, plural, namespace, name }: KeyRow): StoreKey {
  return { group: grp, plural, namespace, name }
}

// Checksums find what a disk or a cable did, not what a person did: 128 bits of SHA-256 over every column.

export function objectChecksum(key: StoreKey, { revision, sealed, value }: VersionRow): Buffer {
  const { group, plural, namespace, name } = key
  return checksum(['object', group, plural, namespace, name, revision, sealed], value)
}

export function historyChecksum(at: number, change: string, key: StoreKey, before: VersionRow): Buffer {
  const { group, plural, namespace, name } = key
  const { revision, sealed, value } = before
  return checksum(['history', at, change, group, plural, namespace, name, revision, sealed], value)
}

export function headChecksum({ revision, compacted, digest, key_id }: Omit<HeadRow, 'checksum'>): Buffer {
  return checksum(['head', revision, compacted, digest, key_id], new Uint8Array())
}

function checksum(columns: readonly (string | number)[], value: Uint8Array): Buffer {
  return hash('sha256', Buffer.concat([Buffer.from(`${JSON.stringify(columns)}\n`), value]), 'buffer').subarray(0, 16)
}

const MODULUS = 1n << 128n

/** A sum of checksums that a row can enter and leave, in any order. */
export class Digest {
  #sum: bigint

  constructor(digits: string) {
    this.#sum = BigInt(`0x${digits}`)
  }

  add(checksum: Uint8Array): void {
    this.#sum = (this.#sum + numberOf(checksum)) % MODULUS
  }

  subtract(checksum: Uint8Array): void {
    this.#sum = (this.#sum + MODULUS - numberOf(checksum)) % MODULUS
  }

  get digits(): string {
    return this.#sum.toString(16).padStart(32, '0')
  }
}

export const EMPTY_DIGEST = '0'.repeat(32)

function numberOf(checksum: Uint8Array): bigint {
  return BigInt(`0x${Buffer.from(checksum).toString('hex')}`)
}

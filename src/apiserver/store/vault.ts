import { createCipheriv, createDecipheriv, hash, randomBytes } from 'node:crypto'
import { existsSync, readFileSync, statSync } from 'node:fs'
import { dirname } from 'node:path'
import { Fault, messageOf } from '#base/fault.ts'
import { createPrivateDirectory, writeDurably } from './durable-file.ts'
import type { StoreKey } from './store.ts'

const KEY_BYTES = 32
const NONCE_BYTES = 12
const TAG_BYTES = 16
const ALGORITHM = 'aes-256-gcm'

/**
 * Seals values with AES-256-GCM: a fresh nonce, the tag, the ciphertext. The id of the key, the key of the object and its revision are bound
 * to it, so a sealed value opens in its own place only.
 */
export class Vault {
  /** Tells keys apart without telling the key: 16 hexadecimal digits. */
  readonly keyId: string
  readonly #key: Buffer

  constructor(key: Buffer) {
    this.#key = key
    this.keyId = hash('sha256', Buffer.concat([Buffer.from('postern store key\n'), key])).slice(0, 16)
  }

  seal(key: StoreKey, revision: number, plain: Uint8Array): Buffer {
    const nonce = randomBytes(NONCE_BYTES)
    const cipher = createCipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES })
    cipher.setAAD(this.#place(key, revision))
    const text = Buffer.concat([cipher.update(plain), cipher.final()])
    return Buffer.concat([nonce, cipher.getAuthTag(), text])
  }

  /** Throws when the value was sealed elsewhere, with another key, or was changed. */
  open(key: StoreKey, revision: number, sealed: Uint8Array): Buffer {
    const nonce = sealed.subarray(0, NONCE_BYTES)
    const decipher = createDecipheriv(ALGORITHM, this.#key, nonce, { authTagLength: TAG_BYTES })
    decipher.setAAD(this.#place(key, revision))
    decipher.setAuthTag(sealed.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES))
    return Buffer.concat([decipher.update(sealed.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()])
  }

  #place({ group, plural, namespace, name }: StoreKey, revision: number): Buffer {
    return Buffer.from(JSON.stringify([this.keyId, group, plural, namespace, name, revision]))
  }
}

/**
 * The vault of a store whose sealed rows have `keyId` ("" when there are none yet: then a key file that is not there is made).
 * Throws a Fault `store/key` when the file is missing, is of another key, is no key, or is open to others.
 */
export function openVault(file: string, keyId: string): Vault {
  if (!existsSync(file)) {
    if (keyId !== '') {
      throw new Fault(
        'store/key',
        `the key file "${file}" is missing; the Secrets of this store are sealed with key ${keyId}`,
        {
          mend: 'put the key file back from where you keep it; a backup does not hold it',
        },
      )
    }
    createPrivateDirectory(dirname(file))
    writeDurably(file, randomBytes(KEY_BYTES))
  }
  const vault = new Vault(readKey(file))
  if (keyId !== '' && vault.keyId !== keyId) {
    throw new Fault(
      'store/key',
      `the key in "${file}" is ${vault.keyId}, the Secrets of this store are sealed with ${keyId}`,
      {
        mend: 'put back the key file that belongs to this store',
      },
    )
  }
  return vault
}

function readKey(file: string): Buffer {
  const { mode } = statSync(file)
  if ((mode & 0o077) !== 0) {
    const shown = (mode & 0o777).toString(8).padStart(4, '0')
    throw new Fault('store/key', `the key file "${file}" is open to others: its mode is ${shown}`, {
      mend: `chmod 0600 ${file}`,
    })
  }
  let key: Buffer
  try {
    key = readFileSync(file)
  } catch (thrown) {
    throw new Fault('store/key', `the key file "${file}" cannot be read: ${messageOf(thrown)}`, { cause: thrown })
  }
  if (key.length === KEY_BYTES) return key
  throw new Fault('store/key', `the key file "${file}" holds ${key.length} bytes, a key is ${KEY_BYTES}`, {
    mend: 'put the key file back from where you keep it',
  })
}

// @peculiar/x509 needs the metadata of decorators before it is loaded.
import 'reflect-metadata'
import { X509Certificate as NodeCertificate, randomBytes, type webcrypto } from 'node:crypto'
import {
  BasicConstraintsExtension,
  ExtendedKeyUsage,
  ExtendedKeyUsageExtension,
  type Extension,
  type JsonName,
  KeyUsageFlags,
  KeyUsagesExtension,
  PemConverter,
  SubjectAlternativeNameExtension,
  SubjectKeyIdentifierExtension,
  X509Certificate,
  X509CertificateGenerator,
} from '@peculiar/x509'
import { Fault } from '#base/fault.ts'
import type { KeyPair } from './key-pair.ts'
import type { StateFiles } from './state-files.ts'
import type { User } from './user.ts'

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' } as const
const DAY_MS = 86_400_000
const AUTHORITY_DAYS = 3650
const LEAF_DAYS = 365
/** Clocks of clients may be a little behind. */
const BACKDATED_MS = 300_000

/** Where the API server answers: it listens on loopback only. */
const SERVER_NAMES = [
  { type: 'dns', value: 'localhost' },
  { type: 'ip', value: '127.0.0.1' },
  { type: 'ip', value: '::1' },
] as const

/** The API server's own certificate authority: ECDSA P-256, kept in the state directory, known to nobody else. */
export class CertificateAuthority {
  /** PEM: what clients trust. */
  readonly certificate: string
  readonly #issuer: X509Certificate
  readonly #key: webcrypto.CryptoKey

  private constructor(certificate: string, key: webcrypto.CryptoKey) {
    this.certificate = certificate
    this.#issuer = new X509Certificate(certificate)
    this.#key = key
  }

  /** Reads the authority from `files`, and makes it first where there is none. Throws a Fault when what is there is broken. */
  static async open(files: StateFiles): Promise<CertificateAuthority> {
    const kept = files.readPair('ca')
    const pair = kept ?? (await makeAuthority())
    if (kept === undefined) files.writePair('ca', pair)
    try {
      return new CertificateAuthority(pair.certificate, await importKey(pair.key))
    } catch (cause) {
      throw new Fault('apiserver/ca-broken', `the certificate authority in "${files.directory}" cannot be read`, {
        mend: 'restore the directory from a backup, or remove it: every kubeconfig must then be written again',
        cause,
      })
    }
  }

  /** A certificate that the API server shows on loopback, for a year. */
  issueServer(): Promise<KeyPair> {
    const names = new SubjectAlternativeNameExtension([...SERVER_NAMES])
    return this.#issue([{ CN: ['postern-apiserver'] }], ExtendedKeyUsage.serverAuth, [names])
  }

  /** A certificate that says who a client is, for a year: the common name is the user, organizations are its groups. */
  issueClient(user: User): Promise<KeyPair> {
    const subject = [...user.groups.map((group) => ({ O: [group] })), { CN: [user.name] }]
    return this.#issue(subject, ExtendedKeyUsage.clientAuth, [])
  }

  /** Whether a certificate names this authority: one of an authority that was replaced does not. */
  issued(certificate: string): boolean {
    return new NodeCertificate(certificate).verify(new NodeCertificate(this.certificate).publicKey)
  }

  async #issue(subject: JsonName, usage: ExtendedKeyUsage, extensions: readonly Extension[]): Promise<KeyPair> {
    const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
    const certificate = await X509CertificateGenerator.create({
      ...validity(LEAF_DAYS),
      subject,
      issuer: this.#issuer.subject,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: ALGORITHM,
      extensions: [
        new BasicConstraintsExtension(false, undefined, true),
        new KeyUsagesExtension(KeyUsageFlags.digitalSignature, true),
        new ExtendedKeyUsageExtension([usage]),
        ...extensions,
      ],
    })
    return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) }
  }
}

/** Whether a certificate has less than a third of its life before it. */
export function nearsItsEnd(certificate: string, now: number): boolean {
  const { notBefore, notAfter } = new X509Certificate(certificate)
  return now > notAfter.getTime() - (notAfter.getTime() - notBefore.getTime()) / 3
}

async function makeAuthority(): Promise<KeyPair> {
  const keys = await crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify'])
  const certificate = await X509CertificateGenerator.createSelfSigned({
    ...validity(AUTHORITY_DAYS),
    name: [{ CN: ['postern-ca'] }],
    keys,
    signingAlgorithm: ALGORITHM,
    extensions: [
      new BasicConstraintsExtension(true, 0, true),
      new KeyUsagesExtension(KeyUsageFlags.keyCertSign | KeyUsageFlags.digitalSignature, true),
      await SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })
  return { certificate: certificate.toString('pem'), key: await exportKey(keys.privateKey) }
}

function validity(days: number): { serialNumber: string; notBefore: Date; notAfter: Date } {
  const now = Date.now()
  // A serial number is positive: its first bit is not set.
  const serial = randomBytes(16)
  serial[0] = (serial[0]! & 0x7f) | 0x40
  return {
    serialNumber: serial.toString('hex'),
    notBefore: new Date(now - BACKDATED_MS),
    notAfter: new Date(now + days * DAY_MS),
  }
}

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')
}

function importKey(pem: string): Promise<webcrypto.CryptoKey> {
  return crypto.subtle.importKey('pkcs8', PemConverter.decodeFirst(pem), ALGORITHM, false, ['sign'])
}

import { messageOf } from '#base/fault.ts'
import { type CertificateAuthority, nearsItsEnd } from './certificate-authority.ts'
import type { KeyPair } from './key-pair.ts'
import type { StateFiles } from './state-files.ts'

const CHECK_MS = 3_600_000
const NAME = 'server'

/** The certificate that the API server shows: kept over restarts, and issued again when less than a third of its life is left. */
export class ServerCertificate {
  readonly #files: StateFiles
  readonly #authority: CertificateAuthority
  #pair: KeyPair
  #timer: NodeJS.Timeout | undefined

  private constructor(files: StateFiles, authority: CertificateAuthority, pair: KeyPair) {
    this.#files = files
    this.#authority = authority
    this.#pair = pair
  }

  static async open(files: StateFiles, authority: CertificateAuthority): Promise<ServerCertificate> {
    const kept = files.readPair(NAME)
    const isGood =
      kept !== undefined && authority.issued(kept.certificate) && !nearsItsEnd(kept.certificate, Date.now())
    const pair = isGood ? kept : await authority.issueServer()
    if (!isGood) files.writePair(NAME, pair)
    return new ServerCertificate(files, authority, pair)
  }

  get pair(): KeyPair {
    return this.#pair
  }

  /** Looks every hour, and tells of a new certificate. */
  keepFresh(onRenewed: (pair: KeyPair) => void, onFault: (text: string) => void): void {
    this.#timer = setInterval(() => {
      this.renewWhenDue(Date.now(), onRenewed).catch((thrown: unknown) => onFault(messageOf(thrown)))
    }, CHECK_MS)
    this.#timer.unref()
  }

  async renewWhenDue(now: number, onRenewed: (pair: KeyPair) => void): Promise<void> {
    if (!nearsItsEnd(this.#pair.certificate, now)) return
    this.#pair = await this.#authority.issueServer()
    this.#files.writePair(NAME, this.#pair)
    onRenewed(this.#pair)
  }

  close(): void {
    clearInterval(this.#timer)
  }
}

import { chmodSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { createPrivateDirectory, writeDurably } from '#apiserver/store/durable-file.ts'
import { Fault, messageOf } from '#base/fault.ts'
import type { KeyPair } from './key-pair.ts'

/** The files of a directory that only its owner reads: keys, certificates and hashes of tokens (0600 in 0700). */
export class StateFiles {
  readonly directory: string

  /** Makes the directory where it is missing. Throws a Fault when that cannot be done. */
  constructor(directory: string) {
    this.directory = directory
    try {
      createPrivateDirectory(directory)
      chmodSync(directory, 0o700)
    } catch (cause) {
      throw new Fault('apiserver/state', `cannot use the directory "${directory}": ${messageOf(cause)}`, { cause })
    }
  }

  /** What a file holds; undefined when there is none. */
  read(name: string): string | undefined {
    try {
      return readFileSync(join(this.directory, name), 'utf8')
    } catch (cause) {
      if ((cause as NodeJS.ErrnoException).code === 'ENOENT') return undefined
      throw new Fault('apiserver/state', `cannot read "${name}" in "${this.directory}": ${messageOf(cause)}`, { cause })
    }
  }

  /** Replaces a file whole: a crash or a loss of power leaves the old or the new one. */
  write(name: string, text: string): void {
    try {
      writeDurably(join(this.directory, name), Buffer.from(text))
    } catch (cause) {
      throw new Fault('apiserver/state', `cannot write "${name}" in "${this.directory}": ${messageOf(cause)}`, {
        cause,
      })
    }
  }

  /** NAME.crt and NAME.key; undefined unless both are there. */
  readPair(name: string): KeyPair | undefined {
    const certificate = this.read(`${name}.crt`)
    const key = this.read(`${name}.key`)
    return certificate === undefined || key === undefined ? undefined : { certificate, key }
  }

  /** The key first: a crash between the two leaves no pair, and one is made again. */
  writePair(name: string, pair: KeyPair): void {
    this.write(`${name}.key`, pair.key)
    this.write(`${name}.crt`, pair.certificate)
  }
}

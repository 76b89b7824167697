import { openSync } from 'node:fs'
import { isatty } from 'node:tty'
import { attempt, call, heedSignal, ignoreSignal } from '#capsule/agent/libc.ts'

/**
 * The terminal that this process belongs to, whatever its input and output are, and its foreground: it can be lent to the program, which is a
 * process group of its own, while this process's group holds it. Whoever is in the background neither lends nor takes.
 */
export class Terminal {
  /**
   * Whether the program has the foreground from its start: where both input and output are the terminal. In a pipeline the neighbours may need
   * it, and signals are passed on instead; the program gets it when it asks.
   */
  readonly lendsAtStart = isatty(0) && isatty(1)
  readonly #descriptor: number | undefined
  readonly #group = call('getpgrp')
  #isLent = false

  constructor() {
    try {
      this.#descriptor = openSync('/dev/tty', 'r+')
    } catch {
      // There is none, as in a CI job.
    }
  }

  get isThere(): boolean {
    return this.#descriptor !== undefined
  }

  /** True when the program is to take the foreground now. */
  lend(): boolean {
    if (!this.isOurs()) return false
    this.#isLent = true
    return true
  }

  /** Takes the foreground back for this process group, if it was lent: true then. */
  takeBack(): boolean {
    if (!this.#isLent) return false
    this.#isLent = false
    if (this.isOurs()) return true
    ignoreSignal('SIGTTOU')
    attempt('tcsetpgrp', this.#descriptor ?? -1, this.#group)
    heedSignal('SIGTTOU')
    return true
  }

  /** Whether this process group has the foreground. */
  isOurs(): boolean {
    return this.#descriptor !== undefined && attempt('tcgetpgrp', this.#descriptor) === this.#group
  }
}

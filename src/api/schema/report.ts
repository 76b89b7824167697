import type { FieldPath } from '#kube/field-path.ts'
import { isAtOrBelow } from '#kube/field-path.ts'
import type { Finding, Level } from '#kube/message.ts'

/** Of one object, no more than this are listed: an object of thousands of faults must not cost minutes. */
const MAX_FINDINGS = 500

/** Collects everything that is wrong with one object. */
export class Report {
  readonly #findings: Finding[] = []
  #decoded: number | undefined
  #hasErrors = false
  #unlisted = 0

  /** The first findings, and how many more there were. */
  get findings(): readonly Finding[] {
    if (this.#unlisted === 0) return this.#findings
    const level = this.#hasErrors ? 'error' : 'warning'
    return [...this.#findings, { level, path: [], text: `and ${this.#unlisted} more findings` }]
  }

  get hasErrors(): boolean {
    return this.#hasErrors
  }

  error(path: FieldPath, text: string): void {
    this.#add('error', path, text)
  }

  warn(path: FieldPath, text: string): void {
    this.#add('warning', path, text)
  }

  /** Says what a rule found at `path`, if anything, unless the value there was not understood in the first place. */
  fault(path: FieldPath, text: string | undefined, level: Level = 'error'): void {
    if (text !== undefined && !this.isBroken(path)) this.#add(level, path, text)
  }

  /** Decoding is over, rules follow: from here `isBroken` tells what decoding found, and no rule silences another. */
  beginRules(): void {
    this.#decoded = this.#findings.length
  }

  /**
   * Whether decoding failed at `path`, below it or above it: a default stands there, and a rule about it would blame the writer for a value
   * that was never written.
   */
  isBroken(path: FieldPath): boolean {
    const decoded = this.#decoded ?? this.#findings.length
    for (let index = 0; index < decoded; index++) {
      const one = this.#findings[index]!
      if (one.level === 'error' && (isAtOrBelow(one.path, path) || isAtOrBelow(path, one.path))) return true
    }
    return false
  }

  #add(level: Level, path: FieldPath, text: string): void {
    this.#hasErrors ||= level === 'error'
    if (this.#findings.length < MAX_FINDINGS) this.#findings.push({ level, path, text })
    else this.#unlisted++
  }
}

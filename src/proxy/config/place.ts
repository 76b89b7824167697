import type { DescMessage, Message, MessageShape } from '@bufbuild/protobuf'
import { type Any, anyUnpack, type Duration } from '@bufbuild/protobuf/wkt'
import { messageOf } from '#base/fault.ts'

/** What decoding found: errors make a resource unusable; notes say what of it has no effect here. */
export interface Findings {
  readonly errors: string[]
  readonly notes: string[]
}

/** A place inside a resource, in the field names of its proto: everything found is told with the way to it. */
export class Place {
  readonly #findings: Findings
  readonly #subject: string
  readonly #path: string

  /** `subject` names the resource, e.g. `listener "0.0.0.0_80"`. */
  constructor(findings: Findings, subject: string, path = '') {
    this.#findings = findings
    this.#subject = subject
    this.#path = path
  }

  /** A place below this one: `at("filters[0]")`. */
  at(step: string): Place {
    return new Place(this.#findings, this.#subject, this.#path === '' ? step : `${this.#path}.${step}`)
  }

  error(message: string): void {
    this.#findings.errors.push(this.#tell(message))
  }

  note(message: string): void {
    this.#findings.notes.push(this.#tell(message))
  }

  /** Refuses the fields, of those named, that the message carries but our generated types leave out: number to name. */
  refuseUnknown(message: Message, names: Readonly<Record<number, string>>): void {
    for (const { no } of message.$unknown ?? []) {
      const name = names[no]
      if (name !== undefined) this.at(name).error('is not supported')
    }
  }

  /** Refuses each named field that is set: what it asks for would be ignored. */
  refuseSet(fields: Readonly<Record<string, boolean>>): void {
    for (const [name, set] of Object.entries(fields)) if (set) this.at(name).error('is not supported')
  }

  /** Unpacks an Any that must hold `schema`; undefined, and an error, when it does not. */
  unpack<Desc extends DescMessage>(schema: Desc, any: Any): MessageShape<Desc> | undefined {
    try {
      const message = anyUnpack(any, schema)
      if (message === undefined) this.error(`"${any.typeUrl}" is not a ${schema.typeName}`)
      return message
    } catch (thrown) {
      this.error(`does not decode as ${schema.typeName}: ${messageOf(thrown)}`)
      return undefined
    }
  }

  /** Milliseconds; `absent` when the field is not set. */
  durationMs(duration: Duration | undefined, absent: number): number {
    if (duration === undefined) return absent
    const ms = Number(duration.seconds) * 1000 + duration.nanos / 1e6
    if (ms < 0) this.error(`must not be negative, is ${ms} ms`)
    return ms
  }

  #tell(message: string): string {
    return this.#path === '' ? `${this.#subject}: ${message}` : `${this.#subject}: ${this.#path}: ${message}`
  }
}

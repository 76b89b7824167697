import type { Readable } from 'node:stream'
import { Fault, messageOf } from '#base/fault.ts'
import { type Refusal, refusalOfStatus } from './outcome.ts'
import type { ApiObject } from './resource.ts'

/** What a watch tells. */
export type WatchEvent =
  | { readonly kind: 'added' | 'modified' | 'deleted'; readonly object: ApiObject }
  /** Nothing changed up to this version: where a later watch may begin. */
  | { readonly kind: 'bookmark'; readonly resourceVersion: string }

/** How a watch ended: the server closed it (it may be begun again where it stopped), or refused to go on. */
export type WatchEnd = { readonly kind: 'ended' } | { readonly kind: 'refused'; readonly refusal: Refusal }

/** No event is larger. */
const MAX_EVENT_BYTES = 64 * 1024 * 1024

const KINDS = { ADDED: 'added', MODIFIED: 'modified', DELETED: 'deleted' } as const

/**
 * Reads the events of a watch, one JSON object each line, until it ends.
 * Throws a Fault `kube/unreachable` when the connection breaks, `kube/answer` for what is no event.
 */
export async function readWatch(stream: Readable, onEvent: (event: WatchEvent) => void): Promise<WatchEnd> {
  const lines = new LineReader()
  try {
    for await (const piece of stream) {
      for (const line of lines.push(piece as Buffer)) {
        const refusal = tell(line, onEvent)
        if (refusal !== undefined) return { kind: 'refused', refusal }
      }
    }
    return { kind: 'ended' }
  } catch (thrown) {
    if (thrown instanceof Fault) throw thrown
    throw new Fault('kube/unreachable', `the watch broke off: ${messageOf(thrown)}`, { cause: thrown })
  } finally {
    stream.destroy()
  }
}

/** Passes one event on; answers with the refusal when it was one. */
function tell(line: string, onEvent: (event: WatchEvent) => void): Refusal | undefined {
  const { type, object } = parse(line)
  if (type === 'ERROR') return refusalOfStatus(object as never)
  if (type === 'BOOKMARK') {
    const { resourceVersion } = object.metadata
    if (resourceVersion !== undefined) onEvent({ kind: 'bookmark', resourceVersion })
    return undefined
  }
  const kind = KINDS[type as keyof typeof KINDS]
  if (kind === undefined) throw new Fault('kube/answer', `a watch told of an event of type ${JSON.stringify(type)}`)
  onEvent({ kind, object })
  return undefined
}

function parse(line: string): { readonly type: unknown; readonly object: ApiObject } {
  let event: { type?: unknown; object?: unknown } | null
  try {
    event = JSON.parse(line) as typeof event
  } catch (thrown) {
    throw new Fault('kube/answer', `a watch sent what is no JSON: ${messageOf(thrown)}`, { cause: thrown })
  }
  const object = event?.object
  if (typeof object !== 'object' || object === null) throw new Fault('kube/answer', 'an event of a watch has no object')
  if (event?.type !== 'ERROR' && !('metadata' in object)) throw new Fault('kube/answer', 'an object has no metadata')
  return { type: event?.type, object: object as ApiObject }
}

/** Cuts bytes into lines: a character, and a line, may be split between pieces. */
class LineReader {
  readonly #pieces: Buffer[] = []
  #held = 0

  push(piece: Buffer): readonly string[] {
    const lines: string[] = []
    let begin = 0
    for (let end = piece.indexOf(10); end !== -1; end = piece.indexOf(10, begin)) {
      this.#pieces.push(piece.subarray(begin, end))
      const line = Buffer.concat(this.#pieces).toString('utf8').trim()
      this.#pieces.length = 0
      this.#held = 0
      begin = end + 1
      if (line !== '') lines.push(line)
    }
    if (begin < piece.length) this.#pieces.push(piece.subarray(begin))
    this.#held += piece.length - begin
    if (this.#held > MAX_EVENT_BYTES) throw new Fault('kube/answer', `an event is larger than ${MAX_EVENT_BYTES} bytes`)
    return lines
  }
}

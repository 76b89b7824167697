import { BodyReader } from './body-reader.ts'
import type { CodecFault } from './codec-fault.ts'
import type { Fields } from './fields.ts'
import { DEFAULT_HEAD_LIMITS, type HeadLimits, HeadParser, type StartLine } from './head-parser.ts'

/** What a decoder found next: see MessageDecoder. */
export type CodecEvent = 'head' | 'body' | 'end' | 'more' | 'fault'

const NOTHING = Buffer.alloc(0)

/**
 * Messages out of a connection's bytes, pulled one event at a time: 'head' (see `head`), 'body' (`bytes[dataStart, dataEnd)`),
 * 'end' (`trailers`), 'more' (feed the next chunk), 'fault' (`fault`; nothing more will come).
 * Nothing behind the end of a message is looked at before `next` is called again.
 */
export abstract class MessageDecoder {
  fault: CodecFault | undefined = undefined
  bytes: Buffer = NOTHING
  protected readonly parser: HeadParser
  protected readonly body: BodyReader
  protected pos = 0
  protected end = 0
  protected inBody = false

  constructor(startLine: StartLine, limits: HeadLimits = DEFAULT_HEAD_LIMITS) {
    this.parser = new HeadParser(startLine, limits)
    this.body = new BodyReader(limits)
  }

  get dataStart(): number {
    return this.body.dataStart
  }

  get dataEnd(): number {
    return this.body.dataEnd
  }

  get trailers(): Fields {
    return this.body.trailers
  }

  /** Only when `next` said 'more', or at the start. The chunk is not kept after it is used up. */
  feed(chunk: Buffer): void {
    this.bytes = chunk
    this.pos = 0
    this.end = chunk.length
  }

  /** The bytes of the chunk that were not looked at yet; they count as used up. */
  takeRest(): Buffer {
    if (this.pos === this.end) return NOTHING
    const rest = this.bytes.subarray(this.pos, this.end)
    this.pos = this.end
    return rest
  }

  next(): CodecEvent {
    if (this.fault !== undefined) return 'fault'
    if (this.inBody) return this.nextOfBody()
    return this.pos === this.end ? 'more' : this.nextOfHead()
  }

  /** There is at least one byte. */
  protected abstract nextOfHead(): CodecEvent

  /** 'head' when the parser has a whole one. */
  protected parseHead(): CodecEvent {
    const pos = this.parser.read(this.bytes, this.pos, this.end)
    if (pos === -1) return this.fail(this.parser.fault!)
    this.pos = pos
    return this.parser.done ? 'head' : 'more'
  }

  protected fail(fault: CodecFault): CodecEvent {
    this.fault = fault
    return 'fault'
  }

  private nextOfBody(): CodecEvent {
    const { body } = this
    while (!body.done) {
      if (this.pos === this.end) return 'more'
      const pos = body.read(this.bytes, this.pos, this.end)
      if (pos === -1) return this.fail(body.fault!)
      this.pos = pos
      if (body.dataEnd > body.dataStart) return 'body'
    }
    this.inBody = false
    return 'end'
  }
}

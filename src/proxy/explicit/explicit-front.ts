import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import type { DecideTarget, ExplicitDecision, ExplicitTarget } from './explicit-target.ts'
import { HttpPreamble } from './http-preamble.ts'
import type { Preamble } from './preamble.ts'
import { Socks5Preamble } from './socks5-preamble.ts'

const SOCKS5_VERSION = 5
const MAX_PREAMBLE_BYTES = 64 * 1024
/** A client that does not say where to go within this time is closed. */
const PREAMBLE_TIMEOUT_MS = 15_000

/**
 * The proxy of cooperative mode: one connection that speaks HTTP CONNECT, absolute-form HTTP/1.1 or SOCKS5 (RFC 1928).
 * It finds out where the client wants to go and leaves the verdict, and the connection, to `decide`.
 */
export function acceptExplicit(connection: Connection, decide: DecideTarget): void {
  const front = new ExplicitFront(connection, decide)
  connection.setIdleTimeout(PREAMBLE_TIMEOUT_MS, () => connection.destroy())
  connection.setReader(front)
}

class ExplicitFront implements ConnectionReader {
  private readonly connection: Connection
  private readonly decide: DecideTarget
  private preamble: Preamble | undefined = undefined
  private bytes: Buffer = Buffer.alloc(0)
  private done = false

  constructor(connection: Connection, decide: DecideTarget) {
    this.connection = connection
    this.decide = decide
  }

  onBytes(chunk: Buffer): boolean {
    if (this.done) {
      this.connection.unread(chunk)
      return false
    }
    this.bytes = Buffer.concat([this.bytes, chunk])
    this.preamble ??= this.bytes[0] === SOCKS5_VERSION ? new Socks5Preamble() : new HttpPreamble()
    return this.advance(this.preamble)
  }

  onEnd(): void {
    this.connection.destroy()
  }

  onClose(): void {
    this.done = true
  }

  onDrain(): void {}

  private advance(preamble: Preamble): boolean {
    for (;;) {
      const { step, rest } = preamble.step(this.bytes)
      this.bytes = rest
      switch (step.kind) {
        case 'more':
          if (this.bytes.length > MAX_PREAMBLE_BYTES) this.connection.destroy()
          return true
        case 'reply':
          this.connection.write(step.reply)
          break
        case 'refuse':
          this.finish(step.reply)
          return false
        case 'target':
          this.ask(preamble, step.target)
          return false
      }
    }
  }

  private ask(preamble: Preamble, target: ExplicitTarget): void {
    this.done = true
    this.connection.pause()
    this.connection.setIdleTimeout(0, () => {})
    this.decide(target, this.connection, (decision) => this.answer(preamble, decision))
  }

  private answer(preamble: Preamble, decision: ExplicitDecision): void {
    if (decision.kind === 'refuse') {
      this.finish(preamble.refused(decision.reason, decision.sentence))
      return
    }
    const accepted = preamble.accepted()
    if (accepted.length > 0) this.connection.write(accepted)
    if (this.bytes.length > 0) this.connection.unread(this.bytes)
    decision.proceed(this.connection)
  }

  private finish(reply: Buffer): void {
    this.done = true
    this.connection.write(reply)
    this.connection.end()
    this.connection.setIdleTimeout(PREAMBLE_TIMEOUT_MS, () => this.connection.destroy())
    this.connection.setReader(DISCARD)
  }
}

/** After a refusal: what still comes is thrown away until the client closes. */
const DISCARD: ConnectionReader = {
  onBytes: () => true,
  onEnd: () => {},
  onClose: () => {},
  onDrain: () => {},
}

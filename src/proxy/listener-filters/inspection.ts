import { type TimerWheel, WheelTimer } from '#base/timer-wheel.ts'
import type { Listener } from '#proxy/config/model.ts'
import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import { ClientHelloReader } from './client-hello.ts'
import { RequestLineReader } from './request-line.ts'

/** What a listener's inspectors found out. */
export interface Inspected {
  /** SNI, lower case; "" when there is none. */
  readonly serverName: string
  readonly transportProtocol: 'raw_buffer' | 'tls'
  /** ALPN names of a TLS client; "http/1.0", "http/1.1" or "h2c" of a plain one. */
  readonly applicationProtocols: readonly string[]
}

/** Who waits for the inspectors. */
export interface InspectionObserver {
  /** All bytes are back in the connection; set a reader. */
  onInspected(inspected: Inspected): void
  /** The inspectors' timeout passed, and the listener does not go on without their verdict. */
  onInspectionTimeout(): void
  /** The client went away while it was being inspected. */
  onInspectionClose(): void
}

/** What is known where no inspector ran, or none came to a verdict. */
export const NOTHING_FOUND: Inspected = { serverName: '', transportProtocol: 'raw_buffer', applicationProtocols: [] }

/** Reads the first bytes of a connection for the listener's inspectors, the TLS one before the HTTP one, and puts them back. */
export class Inspection implements ConnectionReader {
  private readonly connection: Connection
  private readonly wheel: TimerWheel
  private readonly observer: InspectionObserver
  private readonly seen: Buffer[] = []
  private readonly timer: WheelTimer | undefined
  /** Undefined once it has spoken. */
  private tls: ClientHelloReader | undefined
  private http: RequestLineReader | undefined
  private over = false

  constructor(connection: Connection, listener: Listener, wheel: TimerWheel, observer: InspectionObserver) {
    this.connection = connection
    this.wheel = wheel
    this.observer = observer
    this.tls = listener.inspectors.tls ? new ClientHelloReader() : undefined
    this.http = listener.inspectors.http ? new RequestLineReader() : undefined
    if (listener.inspectorTimeoutMs > 0) {
      this.timer = new WheelTimer(() => this.giveUp(listener.continueOnInspectorTimeout))
      wheel.schedule(this.timer, listener.inspectorTimeoutMs)
    }
  }

  onBytes(chunk: Buffer): boolean {
    this.seen.push(Buffer.from(chunk))
    const inspected = this.inspectTls(chunk) ?? this.inspectHttp(chunk)
    if (inspected !== undefined) this.conclude(inspected)
    return true
  }

  /** No more bytes will come: what is known now is all. */
  onEnd(): void {
    this.conclude(NOTHING_FOUND)
  }

  onClose(): void {
    this.stop()
    this.observer.onInspectionClose()
  }

  onDrain(): void {}

  private inspectTls(chunk: Buffer): Inspected | undefined {
    const verdict = this.tls?.push(chunk)
    if (verdict?.kind === 'tls') {
      return { serverName: verdict.serverName, transportProtocol: 'tls', applicationProtocols: verdict.alpn }
    }
    if (verdict?.kind === 'not_tls') this.tls = undefined
    return undefined
  }

  private inspectHttp(chunk: Buffer): Inspected | undefined {
    const verdict = this.http?.push(chunk)
    if (verdict === 'not_http') this.http = undefined
    // The line cannot be a hello's beginning as well, but the TLS inspector goes first, as in Envoy.
    if (this.tls !== undefined) return undefined
    if (this.http === undefined) return NOTHING_FOUND
    return verdict === undefined || verdict === 'more' || verdict === 'not_http'
      ? undefined
      : { serverName: '', transportProtocol: 'raw_buffer', applicationProtocols: [verdict] }
  }

  private giveUp(goOn: boolean): void {
    if (goOn) this.conclude(NOTHING_FOUND)
    else if (!this.over) {
      this.stop()
      this.observer.onInspectionTimeout()
    }
  }

  private conclude(inspected: Inspected): void {
    if (this.over) return
    this.stop()
    if (this.seen.length > 0)
      this.connection.unread(this.seen.length === 1 ? (this.seen[0] as Buffer) : Buffer.concat(this.seen))
    this.observer.onInspected(inspected)
  }

  private stop(): void {
    this.over = true
    if (this.timer !== undefined) this.wheel.cancel(this.timer)
  }
}

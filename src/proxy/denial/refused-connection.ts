import type { AccessLogger } from '#proxy/access-log/access-logger.ts'
import { BLACK_HOLE_CLUSTER } from '#proxy/config/model.ts'
import type { Connection, ConnectionReader } from '#proxy/connection/connection.ts'
import type { Denial } from './denial.ts'
import type { DenialIndex } from './denial-index.ts'
import { blamesNobody, type RefusedAddress, type RefusedCall } from './explain.ts'
import { isHttp2, recognise, type Spoken } from './recognise.ts'
import {
  HTTP2_GREETING,
  http1Refusal,
  http2Refusal,
  mongoRefusal,
  mysqlRefusal,
  POSTGRES_NO_ENCRYPTION,
  postgresRefusal,
  redisRefusal,
  TLS_ACCESS_DENIED,
} from './refusal-bytes.ts'

/** Who explains and records (the Denier). */
export interface Refuser {
  /** Bytes that all its connections hold while they are not yet understood. */
  heldBytes: number
  deny(call: RefusedCall, index: DenialIndex | undefined): Denial
  sentence(denial: Denial): string
  expectsMysql(ip: string, port: number): boolean
}

export interface RefusalOptions {
  /** Of the configuration that refused it: a newer one would explain another refusal. */
  readonly index: DenialIndex | undefined
  readonly silenceMs: number
  readonly patienceMs: number
  /** When a cluster would not go to the address. */
  readonly refusal: RefusedAddress | undefined
  readonly log: AccessLogger | undefined
}

/** A ClientHello or request head that is longer is answered as far as it went. */
const MAX_BYTES = 65_536
/** All connections together: when thousands dawdle, they are answered as far as they went. */
const MAX_HELD_BYTES = 16_777_216
/** After the answer: how long, and for how many bytes, a client may go on speaking; closing earlier could take the answer from it. */
const LINGER_MS = 1000
const LINGER_BYTES = 1_048_576
/** The server speaks first: waiting for the client is vain. */
const SERVER_FIRST_PORTS: ReadonlySet<number> = new Set([21, 22, 23, 25, 110, 143, 587])

const NOTHING = Buffer.alloc(0)

/** One refused connection: listens until it knows what the client speaks, answers, lingers, closes. */
export class RefusedConnection implements ConnectionReader {
  readonly #refuser: Refuser
  readonly #connection: Connection
  readonly #options: RefusalOptions
  #bytes: Buffer = NOTHING
  #answered = false
  #isGreeted = false
  /** The client will say no more. */
  #hasLeft = false
  #lingering = 0
  #timer: NodeJS.Timeout | undefined

  constructor(refuser: Refuser, connection: Connection, options: RefusalOptions) {
    this.#refuser = refuser
    this.#connection = connection
    this.#options = options
  }

  start(): void {
    const { info } = this.#connection
    // A connection that matched no filter chain comes with NR, and never had a cluster.
    if (!info.responseFlags.includes('NR')) {
      if (this.#options.refusal === undefined) info.upstreamCluster = BLACK_HOLE_CLUSTER
      if (!info.responseFlags.includes('UH')) info.responseFlags.push('UH')
    }
    this.#timer = setTimeout(onTimeout, this.#options.silenceMs, this)
    this.#connection.setReader(this)
    if (this.#answered || this.#bytes.length > 0) return
    if (this.#refuser.expectsMysql(info.downstreamLocal.address, info.downstreamLocal.port)) this.#refuseMysql()
    else if (SERVER_FIRST_PORTS.has(info.downstreamLocal.port)) this.decide()
  }

  onBytes(chunk: Buffer): boolean {
    const { info } = this.#connection
    info.bytesReceived += chunk.length
    if (this.#answered) {
      this.#lingering += chunk.length
      if (this.#lingering > LINGER_BYTES) this.#connection.destroy(true)
      return true
    }
    this.#waitOn()
    this.#hold(Buffer.concat([this.#bytes, chunk]))
    const isFull = this.#bytes.length >= MAX_BYTES || this.#refuser.heldBytes >= MAX_HELD_BYTES
    const spoken = recognise(this.#bytes, isFull)
    if (spoken.kind !== 'undecided') this.#answer(spoken)
    else if (isHttp2(this.#bytes)) this.#greetHttp2()
    return true
  }

  onEnd(): void {
    this.#hasLeft = true
    if (this.#answered) this.#connection.destroy()
    else this.decide()
  }

  onClose(): void {
    clearTimeout(this.#timer)
    this.#hasLeft = true
    const { info } = this.#connection
    if (!this.#answered) this.#record(recognise(this.#bytes, true))
    this.#hold(NOTHING)
    info.endMs = performance.now()
    this.#options.log?.(info)
  }

  onDrain(): void {
    // An answer is small, and nothing is written after it.
  }

  /** Time is up, or nothing more will come: answers what was understood. Called by the timer too. */
  decide(): void {
    if (this.#answered) this.#connection.destroy()
    else this.#answer(recognise(this.#bytes, true))
  }

  #hold(bytes: Buffer): void {
    this.#refuser.heldBytes += bytes.length - this.#bytes.length
    this.#bytes = bytes
  }

  #answer(spoken: Spoken): void {
    if (spoken.kind === 'postgres-encryption') {
      this.#send(POSTGRES_NO_ENCRYPTION)
      this.#hold(NOTHING)
      return
    }
    const denial = this.#record(spoken)
    this.#hold(NOTHING)
    const answer = answerBytes(spoken, denial, this.#refuser.sentence(denial))
    if (spoken.kind === 'http2') this.#greetHttp2()
    if (answer === undefined) this.#connection.destroy(true)
    else this.#sendAndClose(answer)
  }

  /** gRPC clients ask only when the server has said its settings. */
  #greetHttp2(): void {
    if (this.#isGreeted) return
    this.#isGreeted = true
    this.#send(HTTP2_GREETING)
  }

  #refuseMysql(): void {
    const denial = this.#deny('mysql', undefined, undefined)
    this.#sendAndClose(mysqlRefusal(this.#refuser.sentence(denial)))
  }

  #record(spoken: Spoken): Denial {
    const { info } = this.#connection
    if (spoken.kind === 'tls') {
      if (spoken.serverName !== undefined) info.requestedServerName = spoken.serverName
      return this.#deny('tls', spoken.serverName, 'sni')
    }
    if (spoken.kind === 'http1') {
      const { method, host, proxiedPort } = spoken
      // What a request for a proxy names is not where the program went: that is the proxy, which no HTTP port leads to.
      const isForProxy =
        method === 'CONNECT' || (proxiedPort ?? info.downstreamLocal.port) !== info.downstreamLocal.port
      if (isForProxy) return this.#deny('tcp', undefined, undefined)
      return this.#deny('http', host, 'host', !spoken.isHttp11)
    }
    if (spoken.kind === 'http2') return this.#deny('http2', undefined, undefined)
    return this.#deny(spoken.kind === 'mongo' ? 'mongo' : 'tcp', undefined, undefined)
  }

  #deny(
    protocol: Denial['protocol'],
    host: string | undefined,
    hostKnownBy: Denial['hostKnownBy'],
    isOldHttp = false,
  ): Denial {
    const { info } = this.#connection
    this.#answered = true
    const { address: ip, port } = info.downstreamLocal
    const { refusal, index } = this.#options
    const isSilent = this.#hasLeft && info.bytesReceived === 0
    const call = { ip, port, protocol, host, hostKnownBy, isSilent, isOldHttp, ...(refusal && { refusal }) }
    const denial = this.#refuser.deny(call, index)
    info.deniedReason = denial.reason
    if (blamesNobody(isSilent, denial.reason)) this.#forgive()
    return denial
  }

  /** Nor does its line. */
  #forgive(): void {
    const { info } = this.#connection
    info.responseFlags.splice(0)
    info.responseCodeDetails = ''
    info.upstreamCluster = ''
  }

  #sendAndClose(answer: Buffer): void {
    this.#send(answer)
    this.#connection.end()
    this.#restartTimer(LINGER_MS)
  }

  #send(answer: Buffer): void {
    this.#connection.info.bytesSent += answer.length
    this.#connection.write(answer)
  }

  /** For the next bytes: as long as a silent client is waited for, but not past the end of all patience. */
  #waitOn(): void {
    const { silenceMs, patienceMs } = this.#options
    const restMs = this.#connection.info.startMs + patienceMs - performance.now()
    this.#restartTimer(Math.max(0, Math.min(silenceMs, restMs)))
  }

  #restartTimer(delayMs: number): void {
    clearTimeout(this.#timer)
    this.#timer = setTimeout(onTimeout, delayMs, this)
  }
}

function onTimeout(refused: RefusedConnection): void {
  refused.decide()
}

/** Undefined: the protocol is not known, so a reset has to do. */
function answerBytes(spoken: Spoken, denial: Denial, sentence: string): Buffer | undefined {
  if (spoken.kind === 'tls') return TLS_ACCESS_DENIED
  if (spoken.kind === 'http1') return http1Refusal(spoken.method, denial.reason, `${sentence}\n`)
  if (spoken.kind === 'http2') return http2Refusal(spoken, denial.reason, `${sentence}\n`)
  if (spoken.kind === 'mongo') return mongoRefusal(spoken.requestId, spoken.legacy, sentence)
  if (spoken.kind === 'postgres') return postgresRefusal(sentence)
  if (spoken.kind === 'redis') return redisRefusal(sentence)
  return undefined
}

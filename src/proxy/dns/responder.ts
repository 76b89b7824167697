import type { Socket as DatagramSocket, RemoteInfo } from 'node:dgram'
import type { Server, Socket } from 'node:net'
import { addressText } from '#base/ip-address.ts'
import { type Budget, TokenBucket } from '#base/token-bucket.ts'
import type { ProxyConfig } from '#proxy/config/model.ts'
import { addressReply, type Decision, decide, syntheticReply } from './answerer.ts'
import { DEFAULT_NAME_BOOK_LIMITS, NameBook, type NameBookLimits } from './name-book.ts'
import type { NameLookup } from './name-lookup.ts'
import { compileDnsPolicy, type DnsPolicy, type Prefixes } from './policy.ts'
import { type Query, type Question, readQuery } from './query.ts'
import { RCODE, TYPE } from './record-type.ts'
import { fitUdp, writeForwarded, writeReply } from './reply.ts'
import { serveTcpQueries } from './tcp-session.ts'
import type { UpstreamAnswer } from './upstream-answer.ts'
import type { Upstream } from './upstream-resolver.ts'

export interface DnsResponderEnv {
  readonly upstream: Upstream
  /** milliseconds; default performance.now */
  readonly now?: () => number
  readonly limits?: ResponderLimits
}

/** What one capsule may take, so that a flood of questions hurts nobody else. */
export interface ResponderLimits extends NameBookLimits {
  /** Questions of any kind; more are dropped unread. Default 5000 per second, 10,000 at once. */
  readonly questions: Budget
  /** Questions that go to a resolver; more get SERVFAIL. Default 500 per second, 1000 at once. */
  readonly asked: Budget
  /** Questions at a resolver at the same time; default 128. */
  readonly maxAsking: number
  /** TCP connections; more are closed at once. Default 64. */
  readonly maxConnections: number
}

export const DEFAULT_RESPONDER_LIMITS: ResponderLimits = {
  ...DEFAULT_NAME_BOOK_LIMITS,
  questions: { ratePerSecond: 5000, burst: 10_000 },
  asked: { ratePerSecond: 500, burst: 1000 },
  maxAsking: 128,
  maxConnections: 64,
}

type AnsweredQuery = Query & { readonly question: Question }

/** Takes a finished answer; not called for what is to be ignored. */
export type TakeAnswer = (answer: Buffer) => void

/** The only resolver that a capsule has: answers from configuration, asks the host's resolvers only what policy allows. */
export class DnsResponder {
  readonly #upstream: Upstream
  readonly #limits: ResponderLimits
  readonly #book: NameBook
  readonly #questions: TokenBucket
  readonly #asked: TokenBucket
  readonly #datagramSockets = new Set<DatagramSocket>()
  readonly #servers = new Set<Server>()
  readonly #connections = new Set<Socket>()
  #asking = 0
  #policy: DnsPolicy | undefined

  constructor(env: DnsResponderEnv) {
    const { upstream, now = () => performance.now(), limits = DEFAULT_RESPONDER_LIMITS } = env
    this.#upstream = upstream
    this.#limits = limits
    this.#book = new NameBook(limits, now)
    this.#questions = new TokenBucket(limits.questions, now)
    this.#asked = new TokenBucket(limits.asked, now)
  }

  /** Which name stands behind an address that this capsule dials. */
  get lookup(): NameLookup {
    return this.#book
  }

  /** Takes effect with the next question. Until the first configuration everything is answered SERVFAIL. */
  applyConfig(config: ProxyConfig): void {
    this.#policy = compileDnsPolicy(config)
    this.#book.applyConfig(config)
  }

  /** Answers on a bound socket from now on; closed by `close`. */
  serveUdp(socket: DatagramSocket): void {
    this.#datagramSockets.add(socket)
    // A client that is gone (ICMP unreachable) is no matter of ours.
    socket.on('error', () => {})
    socket.on('close', () => this.#datagramSockets.delete(socket))
    socket.on('message', (bytes: Buffer, from: RemoteInfo) => {
      this.answer(bytes, 'udp', (answer) => {
        if (this.#datagramSockets.has(socket)) socket.send(answer, from.port, from.address, () => {})
      })
    })
  }

  /** Answers on a listening server from now on; closed by `close`. */
  serveTcp(server: Server): void {
    this.#servers.add(server)
    server.on('connection', (socket) => {
      if (this.#connections.size >= this.#limits.maxConnections) {
        socket.destroy()
        return
      }
      this.#connections.add(socket)
      socket.on('close', () => this.#connections.delete(socket))
      serveTcpQueries(socket, (query, take) => this.answer(query, 'tcp', take))
    })
  }

  /** Answers one message, now or when a resolver has answered. Never throws. */
  answer(bytes: Buffer, transport: 'udp' | 'tcp', take: TakeAnswer): void {
    if (!this.#questions.take()) return
    const read = readQuery(bytes)
    if (read.kind === 'ignore') return
    const { query } = read
    const finish = (answer: Buffer) => take(transport === 'udp' ? fitUdp(query, answer) : answer)
    if (read.kind === 'fault') finish(errorReply(query, read.rcode))
    else if (this.#policy === undefined) finish(errorReply(query, RCODE.SERVFAIL))
    else this.#carryOut(read.query, decide(read.query.question, this.#policy, this.#book), finish)
  }

  /** Stops answering and closes the sockets that it serves. */
  close(): void {
    for (const socket of this.#datagramSockets) socket.close()
    for (const server of this.#servers) server.close()
    for (const connection of this.#connections) connection.destroy()
    this.#datagramSockets.clear()
    this.#servers.clear()
  }

  #carryOut(query: AnsweredQuery, decision: Decision, finish: TakeAnswer): void {
    if (decision.kind === 'reply') {
      finish(writeReply(query, decision.reply))
    } else if (this.#asking >= this.#limits.maxAsking || !this.#asked.take()) {
      finish(errorReply(query, RCODE.SERVFAIL))
    } else {
      this.#asking += 1
      this.#ask(query, decision)
        .catch(() => errorReply(query, RCODE.SERVFAIL))
        .then((answer) => {
          this.#asking -= 1
          finish(answer)
        })
    }
  }

  async #ask(query: AnsweredQuery, decision: Decision & { kind: 'ask' }): Promise<Buffer> {
    const { question } = query
    const answer = await this.#upstream.ask(question)
    if (answer === undefined) return errorReply(query, RCODE.SERVFAIL)
    if (decision.prefer === undefined || answer.rcode !== RCODE.NOERROR) return this.#forward(query, answer)
    const wanted = addressesWithin(answer, decision.prefer)
    if (wanted.length === 0 && !(await this.#otherFamilyWithin(question, decision.prefer))) {
      if (decision.otherwise === 'true answer') return this.#forward(query, answer)
      return writeReply(query, syntheticReply(question, this.#book))
    }
    for (const ip of wanted) this.#book.remember(ip, question.name)
    return writeReply(query, { ...addressReply(question.type, wanted, answer.ttl), authoritative: false })
  }

  /** An address that cannot be dialled must not stand beside one of the other family that can: applications would try it first. */
  async #otherFamilyWithin(question: Question, prefixes: Prefixes): Promise<boolean> {
    const other = await this.#upstream.ask(otherFamily(question))
    return other !== undefined && addressesWithin(other, prefixes).length > 0
  }

  #forward(query: AnsweredQuery, answer: UpstreamAnswer): Buffer {
    for (const ip of answer.addresses) this.#book.remember(addressText(ip), query.question.name)
    return writeForwarded(query, answer)
  }
}

function errorReply(query: Query, rcode: number): Buffer {
  return writeReply(query, { rcode, authoritative: false, records: [] })
}

/** The same name, asked for its addresses of the other family. */
function otherFamily(question: Question): Question {
  const type = question.type === TYPE.A ? TYPE.AAAA : TYPE.A
  const wire = Buffer.from(question.wire)
  wire.writeUInt16BE(type, wire.length - 4)
  return { ...question, type, wire }
}

function addressesWithin(answer: UpstreamAnswer, prefixes: Prefixes): string[] {
  return answer.addresses.map(addressText).filter((ip) => prefixes.longest(ip) === true)
}

import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { request as httpRequest, type IncomingHttpHeaders } from 'node:http'
import { Agent, request } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { connect, type TLSSocket } from 'node:tls'
import { KINDS } from '#api/kinds.ts'
import { ApiServer } from '#apiserver/api-server.ts'
import type { KeyPair } from '#apiserver/auth/key-pair.ts'
import { ADMIN_GROUP, type User } from '#apiserver/auth/user.ts'
import { openMemoryStore } from '#apiserver/store/open-store.ts'

export const ROOT: User = { name: 'root', groups: [ADMIN_GROUP] }

export interface Answer {
  readonly code: number
  readonly headers: IncomingHttpHeaders
  readonly text: string
}

export interface Call {
  readonly method?: string
  readonly body?: string | Uint8Array
  readonly headers?: Readonly<Record<string, string>>
  /** Absent: no certificate is shown. */
  readonly pair?: KeyPair | undefined
}

/** An API server with a store in memory, and calls to it. */
export class ApiServerRig {
  readonly server: ApiServer
  /** What the server said went wrong in itself. */
  readonly faults: readonly string[]
  readonly root: KeyPair
  /** Where the server keeps its credentials. */
  readonly directory: string

  private constructor(server: ApiServer, faults: readonly string[], root: KeyPair, directory: string) {
    this.server = server
    this.faults = faults
    this.root = root
    this.directory = directory
  }

  /** Ends with the test. */
  static async start(t: TestContext): Promise<ApiServerRig> {
    const directory = mkdtempSync(join(tmpdir(), 'postern-api-'))
    const store = openMemoryStore({ events: 10_000, bytes: 100 << 20 })
    const faults: string[] = []
    const server = await ApiServer.start({ directory, store, kinds: KINDS, onFault: (text) => faults.push(text) })
    t.after(async () => {
      await server.close()
      await store.close()
      rmSync(directory, { recursive: true })
    })
    return new ApiServerRig(server, faults, (await server.credentials.issueCertificate(ROOT)).pair, directory)
  }

  get port(): number {
    return Number(new URL(this.server.address).port)
  }

  /** As an administrator. */
  admin(path: string, call: Omit<Call, 'pair'> = {}): Promise<Answer> {
    return this.call(path, { ...call, pair: this.root })
  }

  call(path: string, { method = 'GET', body, headers = {}, pair }: Call = {}): Promise<Answer> {
    return new Promise((resolve, reject) => {
      const sent = request(
        {
          host: '127.0.0.1',
          port: this.port,
          path,
          method,
          headers: { ...(body === undefined ? {} : { 'Content-Type': 'application/json' }), ...headers },
          ca: this.server.authority.certificate,
          agent: new Agent({ maxCachedSessions: 0 }),
          ...(pair === undefined ? {} : { cert: pair.certificate, key: pair.key }),
        },
        (response) => {
          let text = ''
          response.setEncoding('utf8')
          response.on('data', (piece: string) => {
            text += piece
          })
          response.once('end', () => resolve({ code: response.statusCode ?? 0, headers: response.headers, text }))
          response.once('error', reject)
        },
      )
      sent.once('error', reject)
      sent.end(body)
    })
  }

  /** Certificate and key of a user. */
  async pairOf(user: User): Promise<KeyPair> {
    return (await this.server.credentials.issueCertificate(user)).pair
  }

  /** A connection, as an administrator unless another pair is given, on which a test sends what it wants. */
  async socket(pair: KeyPair | 'none' = this.root): Promise<TLSSocket> {
    const socket = connect({
      host: '127.0.0.1',
      port: this.port,
      ca: this.server.authority.certificate,
      ...(pair === 'none' ? {} : { cert: pair.certificate, key: pair.key }),
    })
    await once(socket, 'secureConnect')
    return socket
  }

  /** What a client without TLS gets: the code of its error. */
  plain(): Promise<string> {
    return new Promise((resolve) => {
      const sent = httpRequest({ host: '127.0.0.1', port: this.port, path: '/version' }, () => resolve('answered'))
      sent.once('error', (error: NodeJS.ErrnoException) => resolve(String(error.code)))
      sent.end()
    })
  }
}

/** reason and message of the Status that an answer is. */
export function statusOf({ code, text }: Answer): readonly [number, string, string] {
  const { kind, reason, message } = JSON.parse(text) as Readonly<Record<string, string>>
  if (kind !== 'Status') throw new Error(`no Status: ${text.slice(0, 200)}`)
  return [code, String(reason), String(message)]
}

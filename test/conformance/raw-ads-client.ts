import { type ClientHttp2Session, type ClientHttp2Stream, connect } from 'node:http2'
import { connect as connectSocket } from 'node:net'
import { create, fromBinary, type MessageInitShape, toBinary } from '@bufbuild/protobuf'
import {
  DeltaDiscoveryRequestSchema,
  type DeltaDiscoveryResponse,
  DeltaDiscoveryResponseSchema,
  DiscoveryRequestSchema,
  type DiscoveryResponse,
  DiscoveryResponseSchema,
} from '#xds/gen/envoy/service/discovery/v3/discovery_pb.js'
import { frameMessage, MessageReader } from '#xds/grpc/message-stream.ts'

const SERVICE = '/envoy.service.discovery.v3.AggregatedDiscoveryService/'
const PATIENCE_MS = 5_000
export const NODE = { id: 'sidecar~127.0.0.1~app.default~default.svc.cluster.local', cluster: 'app.default' }

type AdsAddress = { readonly path: string } | { readonly host: string; readonly port: number }

/** A stream to an ADS server that a test speaks word by word: nothing is acknowledged unless the test does. */
export class RawStream<Response> {
  readonly #session: ClientHttp2Session
  readonly #stream: ClientHttp2Stream
  readonly #responses: Response[] = []
  readonly #statuses: { code: number; message: string }[] = []
  #wake = () => {}

  constructor(address: AdsAddress, method: string, read: (bytes: Uint8Array) => Response) {
    this.#session = connect('http://localhost', { createConnection: () => connectSocket(address) })
    this.#session.on('error', () => {})
    this.#stream = this.#session.request({
      ':method': 'POST',
      ':path': SERVICE + method,
      'content-type': 'application/grpc',
      te: 'trailers',
    })
    const reader = new MessageReader(64 << 20)
    this.#stream.on('data', (chunk: Buffer) => {
      this.#responses.push(...reader.push(chunk).map(read))
      this.#wake()
    })
    const onStatus = (headers: { readonly [name: string]: unknown }) => {
      const [code, message] = [headers['grpc-status'], headers['grpc-message'] ?? '']
      if (code !== undefined) this.#statuses.push({ code: Number(code), message: decodeURIComponent(String(message)) })
      this.#wake()
    }
    this.#stream.on('trailers', onStatus)
    this.#stream.on('response', onStatus)
    this.#stream.on('error', () => {})
  }

  write(bytes: Uint8Array): void {
    this.#stream.write(bytes)
  }

  /** The next response; fails after 5 s. */
  async next(): Promise<Response> {
    return (await this.#until(() => this.#responses.length > 0)) && (this.#responses.shift() as Response)
  }

  /** The status with which the server ended the stream; fails after 5 s. */
  async status(): Promise<{ code: number; message: string }> {
    return (
      (await this.#until(() => this.#statuses.length > 0)) && (this.#statuses[0] as { code: number; message: string })
    )
  }

  /** What arrived and was not taken yet, once the server has had the time for a round trip. */
  async pending(): Promise<readonly Response[]> {
    for (let round = 0; round < 2; round++) await new Promise<void>((resolve) => this.#session.ping(() => resolve()))
    return [...this.#responses]
  }

  close(): void {
    this.#session.destroy()
  }

  async #until(ready: () => boolean): Promise<true> {
    const deadline = AbortSignal.timeout(PATIENCE_MS)
    while (!ready()) {
      if (deadline.aborted) throw new Error(`nothing came within ${PATIENCE_MS} ms`)
      await new Promise<void>((resolve) => {
        this.#wake = resolve
        deadline.addEventListener('abort', () => resolve(), { once: true })
      })
    }
    return true
  }
}

export class RawDeltaStream extends RawStream<DeltaDiscoveryResponse> {
  constructor(address: AdsAddress) {
    super(address, 'DeltaAggregatedResources', (bytes) => fromBinary(DeltaDiscoveryResponseSchema, bytes))
  }

  send(request: MessageInitShape<typeof DeltaDiscoveryRequestSchema>): void {
    this.write(frameMessage([toBinary(DeltaDiscoveryRequestSchema, create(DeltaDiscoveryRequestSchema, request))]))
  }

  ack({ typeUrl, nonce }: DeltaDiscoveryResponse): void {
    this.send({ typeUrl, responseNonce: nonce })
  }

  nack({ typeUrl, nonce }: DeltaDiscoveryResponse, message: string): void {
    this.send({ typeUrl, responseNonce: nonce, errorDetail: { code: 3, message } })
  }
}

export class RawSotwStream extends RawStream<DiscoveryResponse> {
  constructor(address: AdsAddress) {
    super(address, 'StreamAggregatedResources', (bytes) => fromBinary(DiscoveryResponseSchema, bytes))
  }

  send(request: MessageInitShape<typeof DiscoveryRequestSchema>): void {
    this.write(frameMessage([toBinary(DiscoveryRequestSchema, create(DiscoveryRequestSchema, request))]))
  }

  /** Acknowledges a response and names what is wanted from now on. */
  ack({ typeUrl, nonce, versionInfo }: DiscoveryResponse, resourceNames: string[] = []): void {
    this.send({ typeUrl, responseNonce: nonce, versionInfo, resourceNames })
  }

  nack({ typeUrl, nonce }: DiscoveryResponse, message: string, resourceNames: string[] = []): void {
    this.send({ typeUrl, responseNonce: nonce, resourceNames, errorDetail: { code: 3, message } })
  }
}

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { type TestContext, test } from 'node:test'
import { create, toBinary } from '@bufbuild/protobuf'
import { BinaryWriter, WireType } from '@bufbuild/protobuf/wire'
import { AnySchema } from '@bufbuild/protobuf/wkt'
import { Server, ServerCredentials, type sendUnaryData } from '@grpc/grpc-js'
import { encodeResource } from '#xds/encode-resource.ts'
import { ListenerSchema } from '#xds/gen/envoy/config/listener/v3/listener_pb.js'
import type { EncodedResource } from '#xds/resource-map.ts'
import type { ResourceSet } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, ROUTE_TYPE } from '#xds/type-url.ts'
import { resourceSetOf } from './in-memory-source.ts'
import * as make from './resources.ts'
import { eventually, serve } from './served.ts'

const asIs = (bytes: Buffer) => bytes
const SAY = {
  path: '/echo.Echo/Say',
  requestStream: false,
  responseStream: false,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
}

/** A gRPC service that answers with its own name. */
async function startBackend(t: TestContext, name: string): Promise<number> {
  const server = new Server()
  const say = (_call: unknown, answer: sendUnaryData<Buffer>) => answer(null, Buffer.from(name))
  server.addService({ Say: SAY }, { Say: say })
  t.after(() => server.forceShutdown())
  return await new Promise((resolve, reject) =>
    server.bindAsync('127.0.0.1:0', ServerCredentials.createInsecure(), (error, port) =>
      error ? reject(error) : resolve(port),
    ),
  )
}

/** A proxyless gRPC client's listener: an HTTP connection manager in field 19, api_listener, which only such clients use. */
function apiListener(name: string, routeTable: string): EncodedResource {
  const { value } = make.httpWith(routeTable).configType
  const api = new BinaryWriter().tag(1, WireType.LengthDelimited).bytes(toBinary(AnySchema, value)).finish()
  const listener = encodeResource(ListenerSchema, name, create(ListenerSchema, { name }))
  const bytes = new BinaryWriter().tag(19, WireType.LengthDelimited).bytes(api).finish()
  return { ...listener, value: Buffer.concat([listener.value, bytes]) }
}

function resourcesTo(version: string, cluster: string, ...ports: readonly number[]): ResourceSet {
  return resourceSetOf(version, {
    [LISTENER_TYPE]: [apiListener('echo.example', 'echo-routes')],
    [ROUTE_TYPE]: [make.routesResource('echo-routes', ['*', cluster])],
    [CLUSTER_TYPE]: [make.edsClusterResource(cluster)],
    [ENDPOINT_TYPE]: [make.endpointsResource(cluster, ...ports.map((port) => ['127.0.0.1', port] as const))],
  })
}

/** The answers that a gRPC client gets, as they come. */
function startClient(t: TestContext, xdsPath: string): readonly string[] {
  const server = {
    server_uri: `unix:${xdsPath}`,
    channel_creds: [{ type: 'insecure' }],
    server_features: ['xds_v3'],
  }
  const bootstrap = { xds_servers: [server], node: { id: 'grpc-client', metadata: {}, locality: {} } }
  const child = spawn(process.execPath, [join(import.meta.dirname, 'grpc-echo-client.ts')], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, GRPC_XDS_BOOTSTRAP_CONFIG: JSON.stringify(bootstrap) },
  })
  t.after(() => child.kill('SIGKILL'))
  const answers: string[] = []
  createInterface(child.stdout).on('line', (line) => answers.push(line))
  return answers
}

test('the xDS client of gRPC finds its backends through our server, and follows changes', {
  timeout: 30_000,
}, async (t) => {
  const { address, source, outcomes } = await serve(t)
  const [red, blue] = [await startBackend(t, 'red'), await startBackend(t, 'blue')]
  source.publish(resourcesTo('1', 'echo', red))
  const answers = startClient(t, address.path)
  await eventually(() => answers.at(-1) === 'red', 'the first endpoint answers')
  source.publish(resourcesTo('2', 'echo', blue))
  await eventually(() => answers.at(-1) === 'blue', 'the new endpoint answers')
  source.publish(resourcesTo('3', 'other-cluster', red))
  await eventually(() => answers.at(-1) === 'red', 'the new cluster answers')
  const acknowledged = new Set(outcomes.map(({ kind, typeUrl }) => `${kind} ${typeUrl}`))
  const everyType = [LISTENER_TYPE, ROUTE_TYPE, CLUSTER_TYPE, ENDPOINT_TYPE]
  assert.deepEqual(acknowledged, new Set(everyType.map((typeUrl) => `ack ${typeUrl}`)))
})

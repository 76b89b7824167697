import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { refusalOf } from '#test/object-rig.ts'
import { decodeProtobuf } from './decode-protobuf.ts'
import { WireWriter } from './wire-writer.ts'

/** A body as Go clients write it. */
function bodyOf(apiVersion: string, kind: string, raw: WireWriter): Uint8Array {
  const type = new WireWriter().text(1, apiVersion).text(2, kind)
  const envelope = new WireWriter().message(1, type).message(2, raw).finish()
  return Buffer.concat([Buffer.from('k8s\0'), envelope])
}

function entry(key: string, value: string): WireWriter {
  return new WireWriter().text(1, key).text(2, value)
}

test('a config map, a service and a secret are read as their JSON', () => {
  const metadata = new WireWriter()
    .text(1, 'a')
    .message(8, new WireWriter())
    .messages(11, [entry('team', 'x')])
  assert.deepEqual(
    decodeProtobuf(bodyOf('v1', 'ConfigMap', new WireWriter().message(1, metadata).messages(2, [entry('k', 'v')]))),
    {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'a', labels: { team: 'x' } },
      data: { k: 'v' },
    },
  )
  const byName = new WireWriter().integer(1, 1).text(3, 'http')
  const ports = [80, 443].map((port) => new WireWriter().text(2, 'TCP').integer(3, port).message(4, byName))
  const service = new WireWriter().message(2, new WireWriter().messages(1, ports))
  assert.deepEqual(decodeProtobuf(bodyOf('v1', 'Service', service)).spec, {
    ports: [80, 443].map((port) => ({ protocol: 'TCP', port, targetPort: 'http' })),
  })
  const secret = new WireWriter().messages(2, [entry('k', 'sesame')]).text(3, 'Opaque')
  assert.deepEqual(decodeProtobuf(bodyOf('v1', 'Secret', secret)).data, { k: Buffer.from('sesame').toString('base64') })
})

test('zero is a value where Go has a pointer, and absent elsewhere', () => {
  const zero = Buffer.from([0x08, 0x00])
  const spec = { finish: () => zero } as unknown as WireWriter
  assert.deepEqual(decodeProtobuf(bodyOf('apps/v1', 'Deployment', new WireWriter().message(2, spec))).spec, {
    replicas: 0,
  })
  const unset = { finish: () => Buffer.from([0x28, 0x00]) } as unknown as WireWriter
  assert.deepEqual(decodeProtobuf(bodyOf('apps/v1', 'Deployment', new WireWriter().message(2, unset))).spec, {})
})

test('a field that is not known here is refused rather than dropped, unless nobody set it', () => {
  const known = new WireWriter().text(1, 'a')
  const read = (metadata: WireWriter) => () =>
    decodeProtobuf(bodyOf('v1', 'ConfigMap', new WireWriter().message(1, metadata)))
  assert.match(String(refusalOf(read(known.text(99, 'x')))), /^BadRequest: .*field 99 is not known here; send JSON/)
  assert.equal(refusalOf(read(new WireWriter().message(99, new WireWriter()))), undefined)
  assert.match(String(refusalOf(() => decodeProtobuf(bodyOf('v1', 'Pod', known)))), /^UnsupportedMediaType/)
})

test('any bytes are read or refused', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), (bytes) => {
      const raw = { finish: () => bytes } as unknown as WireWriter
      refusalOf(() => decodeProtobuf(bodyOf('v1', 'Event', raw)))
      refusalOf(() => decodeProtobuf(bytes))
    }),
  )
})

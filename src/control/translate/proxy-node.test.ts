import assert from 'node:assert/strict'
import { test } from 'node:test'
import { proxyNodeOf, viewKey, wildcardsOf } from './proxy-node.ts'

const node = (id: string, metadata: Record<string, unknown> = {}) => proxyNodeOf({ id, cluster: '', metadata })
const ID = 'sidecar~10.0.0.1~app.shop~shop.svc.cluster.local'

test('a node id gives the namespace, the domain and the address family', () => {
  assert.deepEqual(node(ID), {
    namespace: 'shop',
    dnsDomain: 'shop.svc.cluster.local',
    ipFamilies: 'v4',
    dnsCapture: true,
    accessLog: undefined,
    nameTableShards: false,
    labels: {},
  })
  assert.equal(node('sidecar~fd00::1~app.shop~shop.svc.cluster.local').ipFamilies, 'v6')
})

test('INSTANCE_IPS gives the families of a dual-stack proxy, which listens on both wildcards', () => {
  const dual = node(ID, { INSTANCE_IPS: '10.0.0.1, fd00::1' })
  assert.equal(dual.ipFamilies, 'dual')
  assert.deepEqual(wildcardsOf(dual), ['0.0.0.0', '::'])
})

test('nodes that see the same share a view, whatever their names', () => {
  const other = node('sidecar~10.0.0.2~batch.shop~shop.svc.cluster.local')
  assert.equal(viewKey(node(ID)), viewKey(other))
  assert.notEqual(viewKey(node(ID)), viewKey(node(ID, { NAMESPACE: 'partner' })))
  assert.notEqual(viewKey(node(ID)), viewKey(node(ID, { DNS_CAPTURE: 'false' })))
})

test('a node id of another form is refused with the form that is expected', () => {
  for (const id of ['', 'envoy-1', 'sidecar~10.0.0.1~app.shop', 'router~10.0.0.1~app.shop~shop.svc.cluster.local'])
    assert.throws(() => node(id), /node id ".*" cannot be served: must be sidecar~IP~NAME\.NAMESPACE/)
  assert.throws(() => node('sidecar~here~app.shop~shop.svc.cluster.local'), /"here" is not an IP address/)
})

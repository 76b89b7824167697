import assert from 'node:assert/strict'
import { test } from 'node:test'
import { create } from '@bufbuild/protobuf'
import fc from 'fast-check'
import * as make from '#test/conformance/resources.ts'
import { encodeResource } from '#xds/encode-resource.ts'
import { NameTableSchema } from '#xds/gen/istio/networking/nds/v1/nds_pb.js'
import type { EncodedResource } from '#xds/resource-map.ts'
import type { ResourceUpdate } from '#xds/resource-set.ts'
import { CLUSTER_TYPE, ENDPOINT_TYPE, LISTENER_TYPE, NAME_TABLE_TYPE, ROUTE_TYPE, type TypeUrl } from '#xds/type-url.ts'
import { ResourceState } from './resource-state.ts'

function give(state: ResourceState, typeUrl: TypeUrl, changed: readonly EncodedResource[], removed: string[] = []) {
  assert.deepEqual(state.apply({ typeUrl, changed, removed, systemVersion: 'v' }, []), [])
}

test('what is announced and did not come is missing, until it comes, is said not to exist, or is given up', () => {
  const state = new ResourceState()
  assert.deepEqual(state.missing(), ['any Cluster', 'any Listener', 'any NameTable'])
  give(
    state,
    CLUSTER_TYPE,
    ['a', 'b', 'c'].map((name) => make.edsClusterResource(name)),
  )
  give(state, LISTENER_TYPE, [make.httpListenerResource('l', 80, 'routes')])
  give(state, NAME_TABLE_TYPE, [])
  assert.deepEqual(state.missing(), [
    'endpoint set "a"',
    'endpoint set "b"',
    'endpoint set "c"',
    'route table "routes"',
  ])
  give(state, ENDPOINT_TYPE, [make.endpointsResource('a', ['10.0.0.1', 1])], ['b'])
  assert.deepEqual(state.missing(), ['endpoint set "c"', 'route table "routes"'])
  state.giveUpMissing()
  assert.deepEqual(state.missing(), [])
  assert.deepEqual(state.config('v').clusters.get('c')?.endpoints, [])
  give(state, ROUTE_TYPE, [make.routesResource('routes', ['*', 'a'])])
  assert.ok(state.config('v').routes.has('routes'), 'what comes after all is taken')
})

test('what nothing needs any more is forgotten, and is missing when it is needed again', () => {
  const state = new ResourceState()
  const cluster = make.edsClusterResource('a')
  give(state, CLUSTER_TYPE, [cluster])
  give(state, LISTENER_TYPE, [])
  give(state, NAME_TABLE_TYPE, [])
  give(state, ENDPOINT_TYPE, [make.endpointsResource('a', ['10.0.0.1', 1])])
  give(state, CLUSTER_TYPE, [], ['a'])
  state.forgetUnneeded()
  give(state, CLUSTER_TYPE, [cluster])
  assert.deepEqual(state.missing(), ['endpoint set "a"'])
})

test('an update with one bad resource changes nothing', () => {
  const state = new ResourceState()
  const bad = { name: 'bad', version: '1', value: Uint8Array.of(0xff) }
  const update: ResourceUpdate = {
    typeUrl: CLUSTER_TYPE,
    changed: [make.clusterResource('good'), bad],
    removed: [],
    systemVersion: 'v',
  }
  assert.equal(state.apply(update, []).length, 1)
  assert.equal(state.config('v').clusters.size, 0)
  assert.ok(state.missing().includes('any Cluster'))
})

test('whatever comes in whatever order, all is as if what is held now had come at once', () => {
  const name = fc.constantFrom('a', 'b', 'c')
  const host = fc.constantFrom('one', 'two')
  const resource = fc.oneof(
    fc.tuple(fc.constant(CLUSTER_TYPE), name.map(make.edsClusterResource)),
    fc.tuple(fc.constant(CLUSTER_TYPE), name.map(make.clusterResource)),
    fc.tuple(
      fc.constant(ENDPOINT_TYPE),
      fc.tuple(name, fc.nat(2)).map(([of, ip]) => make.endpointsResource(of, [`10.0.0.${ip}`, 1])),
    ),
    fc.tuple(
      fc.constant(LISTENER_TYPE),
      fc.tuple(name, name).map(([of, routes]) => make.httpListenerResource(of, 80, routes)),
    ),
    fc.tuple(
      fc.constant(ROUTE_TYPE),
      fc.tuple(name, host).map(([of, to]) => make.routesResource(of, [to, 'a'])),
    ),
    fc.tuple(
      fc.constant(NAME_TABLE_TYPE),
      fc.tuple(name, host).map(([part, of]) => nameTable(part, of)),
    ),
  )
  const updates = fc.array(fc.tuple(resource, fc.boolean()), { maxLength: 20 })
  fc.assert(
    fc.property(updates, (list) => {
      const state = new ResourceState()
      const held = new Map<TypeUrl, Map<string, EncodedResource | undefined>>()
      for (const [[typeUrl, one], comes] of list) {
        give(state, typeUrl, comes ? [one] : [], comes ? [] : [one.name])
        const ofType = held.get(typeUrl) ?? new Map()
        held.set(typeUrl, ofType.set(one.name, comes ? one : undefined))
        const fresh = new ResourceState()
        for (const [type, all] of held) {
          const gone = [...all.keys()].filter((which) => all.get(which) === undefined)
          give(
            fresh,
            type,
            [...all.values()].filter((which) => which !== undefined),
            gone,
          )
        }
        assert.deepEqual(state.config('v'), fresh.config('v'))
        assert.deepEqual(new Set(state.missing()), new Set(fresh.missing()))
      }
      state.forgetUnneeded()
      const needed = state.routeTables()
      for (const route of state.config('v').routes.keys()) assert.ok(needed.has(route))
    }),
  )
})

function nameTable(part: string, host: string): EncodedResource {
  const table = { [`${host}.example.com`]: { ips: ['240.240.0.1'], registry: 'External' } }
  return encodeResource(NameTableSchema, `name-table/${part}`, create(NameTableSchema, { table }))
}

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { refusalOf } from '#test/object-rig.ts'
import type { ResourceAccess } from './access.ts'
import { authorize, isAllowed } from './authorize.ts'
import { ADMIN_GROUP, type User, VIEW_GROUP, workloadUser } from './user.ts'

const ADMIN: User = { name: 'root', groups: [ADMIN_GROUP] }
const VIEWER: User = { name: 'vera', groups: [VIEW_GROUP] }
const WORKLOAD = workloadUser('shop', 'books')
const NOBODY: User = { name: 'nobody', groups: [] }

function access(verb: string, resource: string, rest: Partial<ResourceAccess> = {}): ResourceAccess {
  return { kind: 'resource', verb, group: '', resource, subresource: '', namespace: 'shop', name: '', ...rest }
}

test('an admin may everything, a viewer reads all but secrets, and others may nothing', () => {
  const cases = [
    access('delete', 'secrets'),
    access('get', 'secrets'),
    access('get', 'secrets', { subresource: 'status' }),
    access('create', 'pods'),
    access('watch', 'pods'),
    access('list', 'nodes', { namespace: '' }),
    access('*', '*', { group: '*' }),
    access('get', '*', { group: '*' }),
  ]
  const table = cases.map((one) => [ADMIN, VIEWER, NOBODY].map((user) => isAllowed(user, one)))
  assert.deepEqual(table, [
    [true, false, false],
    [true, false, false],
    [true, false, false],
    [true, false, false],
    [true, true, false],
    [true, true, false],
    [true, false, false],
    [true, false, false],
  ])
})

test('a workload reads its own registration, by name, and nothing beside it', () => {
  const own = { group: 'networking.istio.io', name: 'books' }
  const may = (one: ResourceAccess) => isAllowed(WORKLOAD, one)
  assert.equal(may(access('get', 'workloadentries', own)), true)
  assert.equal(may(access('watch', 'workloadentries', own)), true)
  assert.equal(may(access('list', 'workloadentries', { group: 'networking.istio.io' })), false)
  assert.equal(may(access('get', 'workloadentries', { ...own, name: 'other' })), false)
  assert.equal(may(access('get', 'workloadentries', { ...own, namespace: 'other' })), false)
  assert.equal(may(access('update', 'workloadentries', own)), false)
  assert.equal(may(access('get', 'secrets', { name: 'books' })), false)
})

test('the name of a workload counts only where its group was granted', () => {
  const own = access('get', 'workloadentries', { group: 'networking.istio.io', name: 'books' })
  assert.equal(isAllowed({ name: WORKLOAD.name, groups: [] }, own), false)
  assert.equal(isAllowed({ name: 'postern:workload:shop', groups: WORKLOAD.groups }, own), false)
  assert.equal(isAllowed({ name: 'postern:workload:shop:books:x', groups: WORKLOAD.groups }, own), false)
})

test('a refusal says who may not do what, where', () => {
  const sentence = (one: Parameters<typeof authorize>[1]) => refusalOf(() => authorize(VIEWER, one))
  assert.equal(
    sentence(access('patch', 'deployments', { group: 'apps', name: 'web', subresource: 'scale' })),
    'Forbidden: deployments.apps "web" is forbidden: User "vera" cannot patch resource "deployments/scale" in API group "apps" in the namespace "shop"',
  )
  assert.equal(
    sentence(access('create', 'namespaces', { namespace: '' })),
    'Forbidden: namespaces is forbidden: User "vera" cannot create resource "namespaces" in API group "" at the cluster scope',
  )
  assert.equal(
    sentence({ kind: 'path', verb: 'get', path: '/metrics' }),
    'Forbidden: forbidden: User "vera" cannot get path "/metrics"',
  )
  assert.equal(sentence({ kind: 'path', verb: 'get', path: '/openapi/v3/api/v1' }), undefined)
})

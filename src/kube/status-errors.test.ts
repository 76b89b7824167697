import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { StatusError } from './status.ts'
import * as refusals from './status-errors.ts'

const GROUP = 'networking.istio.io'

function told({ status }: StatusError): string {
  return `${status.code} ${status.reason}: ${status.message}`
}

test('an object that is missing, there already or changed meanwhile is named with its resource and group', () => {
  assert.equal(
    told(refusals.notFound(GROUP, 'serviceentries', 'nosuch')),
    '404 NotFound: serviceentries.networking.istio.io "nosuch" not found',
  )
  assert.equal(told(refusals.notFound('', 'services', 'a')), '404 NotFound: services "a" not found')
  assert.equal(
    told(refusals.alreadyExists(GROUP, 'serviceentries', 'x')),
    '409 AlreadyExists: serviceentries.networking.istio.io "x" already exists',
  )
  assert.equal(
    told(refusals.conflict(GROUP, 'serviceentries', 'x')),
    '409 Conflict: Operation cannot be fulfilled on serviceentries.networking.istio.io "x": the object has been modified; please apply your changes to the latest version and try again',
  )
  assert.deepEqual(refusals.notFound(GROUP, 'serviceentries', 'x').status.details, {
    name: 'x',
    group: GROUP,
    kind: 'serviceentries',
  })
})

test('an invalid object tells each field, one in a line and several in brackets', () => {
  const hosts = { reason: 'FieldValueRequired', field: 'spec.hosts', message: 'Required value' }
  const number = { reason: 'FieldValueRequired', field: 'spec.ports[0].number', message: 'Required value' }
  const one = refusals.invalid(GROUP, 'ServiceEntry', 'x', [hosts])
  assert.equal(told(one), '422 Invalid: ServiceEntry.networking.istio.io "x" is invalid: spec.hosts: Required value')
  assert.deepEqual(one.status.details, { name: 'x', group: GROUP, kind: 'ServiceEntry', causes: [hosts] })
  assert.equal(
    told(refusals.invalid('', 'Service', 'x', [number, hosts])),
    '422 Invalid: Service "x" is invalid: [spec.ports[0].number: Required value, spec.hosts: Required value]',
  )
})

test('who may not do something hears who, what and where', () => {
  const attempt = { user: 'view', verb: 'delete', group: GROUP, plural: 'serviceentries', name: 'x', namespace: 'shop' }
  assert.equal(
    told(refusals.forbidden(attempt)),
    '403 Forbidden: serviceentries.networking.istio.io "x" is forbidden: User "view" cannot delete resource "serviceentries" in API group "networking.istio.io" in the namespace "shop"',
  )
  assert.equal(
    told(refusals.forbidden({ ...attempt, verb: 'list', group: '', plural: 'nodes', name: '', namespace: '' })),
    '403 Forbidden: nodes is forbidden: User "view" cannot list resource "nodes" in API group "" at the cluster scope',
  )
})

test('a media type that is not read is answered with those that are', () => {
  const accepted = ['application/json-patch+json', 'application/merge-patch+json', 'application/apply-patch+yaml']
  assert.equal(
    told(refusals.unsupportedMediaType(accepted)),
    '415 UnsupportedMediaType: the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml',
  )
})

test('history that is gone is a 410, which makes clients list again', () => {
  assert.equal(refusals.watchTooOld().status.code, 410)
  assert.equal(refusals.continueTooOld().status.code, 410)
  assert.equal(told(refusals.versionTooOld('3', '7')), '410 Expired: too old resource version: 3 (7)')
})

test('a state that does not exist yet is a timeout that says what it waits for', () => {
  const { status } = refusals.versionTooLarge('9', '7')
  assert.equal(status.code, 504)
  assert.equal(status.message, 'Timeout: Too large resource version: 9, current: 7')
  assert.equal(status.details?.causes?.[0]?.reason, 'ResourceVersionTooLarge')
})

test('a deletion that is done says of what', () => {
  assert.deepEqual(refusals.success(GROUP, 'serviceentries', 'x', 'u1'), {
    kind: 'Status',
    apiVersion: 'v1',
    metadata: {},
    status: 'Success',
    details: { name: 'x', group: GROUP, kind: 'serviceentries', uid: 'u1' },
  })
})

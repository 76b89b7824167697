import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test } from 'node:test'
import { parseManifests } from '#kube/manifest.ts'
import { checkManifestFile } from './document.ts'
import { recognise } from './kinds.ts'

test('kinds that are read are told by kind and version', () => {
  assert.deepEqual(recognise('networking.istio.io/v1alpha3', 'ServiceEntry'), { kind: 'read', as: 'ServiceEntry' })
  assert.deepEqual(recognise('config.istio.io/v1alpha2', 'EgressRule'), { kind: 'read', as: 'EgressRule' })
})

test('kinds that are served and have no effect in a sealed run are told by kind and version', () => {
  for (const [apiVersion, kind] of [
    ['networking.istio.io/v1', 'VirtualService'],
    ['networking.istio.io/v1beta1', 'DestinationRule'],
    ['networking.istio.io/v1alpha3', 'EnvoyFilter'],
    ['networking.istio.io/v1beta1', 'ProxyConfig'],
    ['security.istio.io/v1', 'AuthorizationPolicy'],
    ['telemetry.istio.io/v1alpha1', 'Telemetry'],
    ['config.istio.io/v1alpha2', 'RouteRule'],
    ['v1', 'Service'],
    ['apps/v1', 'Deployment'],
  ] as const) {
    const found = recognise(apiVersion, kind)
    assert.equal(found.kind === 'checked' && found.definition.kind, kind)
  }
})

test('kinds of Istio and Kubernetes without effect are known', () => {
  for (const [apiVersion, kind] of [
    ['networking.istio.io/v1alpha3', 'ExternalService'],
    ['v1', 'PersistentVolumeClaim'],
    ['apps/v1beta1', 'Deployment'],
    ['gateway.networking.k8s.io/v1', 'Gateway'],
    ['config.istio.io/v1alpha2', 'IngressRule'],
  ] as const) {
    assert.deepEqual(recognise(apiVersion, kind), { kind: 'not applied' }, kind)
  }
})

test('what is unknown is refused with what is near', () => {
  const text = (apiVersion: string, kind: string) => {
    const found = recognise(apiVersion, kind)
    return found.kind === 'unknown' ? `${found.field}: ${found.text}` : found.kind
  }
  assert.equal(
    text('networking.istio.io/v1', 'ServiceEntrance'),
    'kind: no matches for kind "ServiceEntrance" in version "networking.istio.io/v1" (did you mean "ServiceEntry"?)',
  )
  assert.equal(
    text('networking.istio.io/v1', 'EgressRule'),
    'apiVersion: no matches for kind "EgressRule" in version "networking.istio.io/v1": EgressRule is of "config.istio.io/v1alpha2"',
  )
  assert.equal(
    text('networking.istio.io/v1', 'EnvoyFilter'),
    'apiVersion: no matches for kind "EnvoyFilter" in version "networking.istio.io/v1": EnvoyFilter is of "networking.istio.io/v1alpha3"',
  )
  assert.equal(text('example.com/v1', 'Zebra'), 'kind: no matches for kind "Zebra" in version "example.com/v1"')
})

test('the samples of Istio are valid as they are', () => {
  const folder = new URL('testdata/', import.meta.url)
  const kinds = new Map<string, number>()
  for (const name of readdirSync(folder).filter((file) => file !== 'service-entry-rules.yaml')) {
    const { documents, messages } = checkManifestFile(parseManifests(name, readFileSync(new URL(name, folder), 'utf8')))
    assert.deepEqual(
      messages.filter((message) => message.level === 'error'),
      [],
      name,
    )
    for (const { kind } of documents) kinds.set(kind, (kinds.get(kind) ?? 0) + 1)
  }
  assert.deepEqual(Object.fromEntries(kinds), { ServiceEntry: 9 })
})

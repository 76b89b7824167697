import assert from 'node:assert/strict'
import { test } from 'node:test'
import { KINDS } from '#api/kinds.ts'
import { KindRegistry } from '#apiserver/objects/kind-registry.ts'
import { readWireFields } from '#apiserver/protobuf/wire-reader.ts'
import { Discovery } from './discovery.ts'

type Json = Readonly<Record<string, unknown>>
const discovery = new Discovery(new KindRegistry(KINDS))

test('groups name their preferred version, the most stable and newest one', () => {
  assert.deepEqual(discovery.group('networking.istio.io'), {
    kind: 'APIGroup',
    apiVersion: 'v1',
    name: 'networking.istio.io',
    versions: ['v1', 'v1beta1', 'v1alpha3'].map((version) => ({
      groupVersion: `networking.istio.io/${version}`,
      version,
    })),
    preferredVersion: { groupVersion: 'networking.istio.io/v1', version: 'v1' },
  })
  assert.equal(discovery.group(''), undefined)
  assert.equal(discovery.group('nosuch'), undefined)
})

test('everything at once says the same as group by group', () => {
  const { items } = JSON.parse(discovery.aggregated(false, 'v2')) as { readonly items: readonly Json[] }
  for (const { metadata, versions } of items) {
    const { name } = metadata as { readonly name: string }
    for (const { version, resources } of versions as readonly { version: string; resources: readonly Json[] }[]) {
      const list = discovery.resources(name, version) as { readonly resources: readonly { readonly name: string }[] }
      const names = resources.flatMap(({ resource, subresources = [] }) => [
        resource,
        ...(subresources as readonly Json[]).map(({ subresource }) => `${resource}/${subresource}`),
      ])
      assert.deepEqual(
        list.resources.map((one) => one.name),
        names,
      )
    }
  }
  assert.ok(items.length >= 5)
})

test('every reference in the documents of OpenAPI leads somewhere, and every kind can be found by its group, version and kind', () => {
  const { paths } = discovery.openApiIndex() as {
    readonly paths: Readonly<Record<string, { serverRelativeURL: string }>>
  }
  const found = new Set<string>()
  for (const [path, { serverRelativeURL }] of Object.entries(paths)) {
    const document = discovery.openApi(path)
    assert.equal(serverRelativeURL, `/openapi/v3/${path}?hash=${document?.hash}`)
    const { components } = JSON.parse(document?.text ?? '') as { readonly components: { readonly schemas: Json } }
    for (const [, reference] of document?.text.matchAll(/"\$ref":"#\/components\/schemas\/([^"]+)"/g) ?? []) {
      assert.ok(components.schemas[reference!], reference)
    }
    for (const schema of Object.values(components.schemas) as readonly Json[]) {
      for (const { group, version, kind } of (schema['x-kubernetes-group-version-kind'] ?? []) as readonly Json[]) {
        found.add(`${group}/${version}/${kind}`)
      }
    }
  }
  for (const { group, versions, kind } of KINDS) {
    for (const version of versions) assert.ok(found.has(`${group}/${version}/${kind}`), kind)
  }
  assert.equal(discovery.openApi('apis/nosuch/v1'), undefined)
})

test('the document for old clients defines every kind in every version, and a path to patch it', () => {
  const document = [...readWireFields(discovery.openApiV2())]
  const named = (number: number, inner: number) =>
    document
      .filter((field) => field.number === number)
      .flatMap(({ value }) => [...readWireFields(value as Uint8Array)].filter((field) => field.number === inner))
      .map(({ value }) => {
        const name = [...readWireFields(value as Uint8Array)].find((field) => field.number === 1)
        return Buffer.from(name?.value as Uint8Array).toString()
      })
  const count = KINDS.reduce((sum, { versions }) => sum + versions.length, 0)
  assert.equal(named(9, 1).length, count + 1)
  assert.ok(named(9, 1).includes('io.istio.networking.v1alpha3.ServiceEntry'))
  assert.equal(named(8, 2).length, count)
  assert.ok(named(8, 2).includes('/apis/networking.istio.io/v1/namespaces/{namespace}/serviceentries/{name}'))
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { analysisSettings } from './mesh-settings.ts'

function configMap(mesh: string) {
  return {
    object: {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'istio', namespace: 'istio-system' },
      data: { mesh },
    },
  }
}

test('addresses are allocated unless the mesh says otherwise', () => {
  assert.deepEqual(analysisSettings([], undefined), { allocatesAddresses: true })
  assert.deepEqual(analysisSettings([], 'accessLogFile: /dev/stdout\n'), { allocatesAddresses: true })
  for (const name of ['ISTIO_META_DNS_CAPTURE', 'ISTIO_META_DNS_AUTO_ALLOCATE'])
    assert.deepEqual(analysisSettings([], `defaultConfig: {proxyMetadata: {${name}: "false"}}\n`), {
      allocatesAddresses: false,
    })
})

test('the live mesh configuration counts unless one is given, and what is no YAML says nothing', () => {
  const live = [configMap('rootNamespace: mesh-root\n')]
  assert.deepEqual(analysisSettings(live, undefined), { allocatesAddresses: true, rootNamespace: 'mesh-root' })
  assert.deepEqual(analysisSettings(live, 'rootNamespace: other\n'), {
    allocatesAddresses: true,
    rootNamespace: 'other',
  })
  assert.deepEqual(analysisSettings([configMap('a: [b')], undefined), { allocatesAddresses: true })
})

import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { createSnapshotSource } from '#control/snapshot/snapshot-source.ts'
import { compileResources } from '#proxy/config/compile-resources.ts'
import { configFromYaml } from '#test/config-from-yaml.ts'
import type { NodeIdentity, ResourceSet } from '#xds/resource-set.ts'
import { ENVOY_IS_MISSING } from './envoy-process.ts'
import { LiveEnvoy } from './live-envoy.ts'
import { validateByEnvoy } from './validate-by-envoy.ts'

// Whatever the translation makes of its golden cases, real Envoy and our proxy accept.
const CASES = join(import.meta.dirname, '../../src/control/translate/testdata')
const NODE = { id: 'sidecar~10.0.0.1~app.default~default.svc.cluster.local', cluster: 'app.default', metadata: {} }
const names = readdirSync(CASES).filter((name) => existsSync(join(CASES, name, 'in.yaml')))
const LIMITS = { timeout: 120_000, skip: ENVOY_IS_MISSING }

function resourcesOf(name: string): ResourceSet {
  const documents = readFileSync(join(CASES, name, 'in.yaml'), 'utf8').split(/^---\n/m)
  const isNode = (document: string) => document.startsWith('kind: ProxyNode\n')
  const node = (parse(documents.find(isNode) ?? '{}') as { readonly spec?: Partial<NodeIdentity> }).spec
  const source = createSnapshotSource()
  source.update(configFromYaml(documents.filter((document) => !isNode(document)).join('---\n')))
  const set = source.current({ ...NODE, ...node })
  assert.ok(set !== undefined)
  return set
}

for (const name of names)
  test(`our proxy accepts what is made of ${name}`, () => {
    const { errors } = compileResources(resourcesOf(name))
    assert.deepEqual(errors, [])
  })

for (const protocol of ['DELTA_GRPC', 'GRPC'] as const)
  test(
    `one Envoy after another's set, over ${protocol}, accepts all ${names.length} golden cases`,
    LIMITS,
    async (t) => {
      const envoy = await LiveEnvoy.start(protocol)
      t.after(() => envoy.close())
      const refused: Record<string, unknown> = {}
      for (const name of names) {
        const rejections = await envoy.accepts(resourcesOf(name))
        if (rejections.length > 0) refused[name] = rejections
      }
      assert.deepEqual(refused, {})
    },
  )

test(`envoy --mode validate accepts all ${names.length} golden cases`, LIMITS, async () => {
  const refused: Record<string, unknown> = {}
  for (const name of names) {
    const reasons = await validateByEnvoy(resourcesOf(name))
    if (reasons.length > 0) refused[name] = reasons
  }
  assert.deepEqual(refused, {})
})

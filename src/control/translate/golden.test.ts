import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse, stringify } from 'yaml'
import { buildMesh } from '#control/mesh/mesh.ts'
import { describeRejection } from '#control/mesh/rejection.ts'
import { configFromYaml } from '#test/config-from-yaml.ts'
import type { NodeIdentity } from '#xds/resource-set.ts'
import { dumpResources } from './dump.ts'
import { proxyNodeOf } from './proxy-node.ts'
import { translate } from './translation.ts'

/**
 * Each case is testdata/CASE/in.yaml (service entries; also MeshConfig, and ProxyNode for a node other than an IPv4 one of namespace
 * default) and out.yaml: what that sidecar is sent, less what all are. `UPDATE_GOLDEN=1 node --test` writes out.yaml anew and
 * deletes those without an input.
 */
const CASES = join(import.meta.dirname, 'testdata')
const UPDATE = process.env.UPDATE_GOLDEN === '1'
const SENT_TO_ALL = new Set(['BlackHoleCluster', 'PassthroughCluster'])

for (const name of readdirSync(CASES).sort()) {
  if (name === 'istiod') continue
  const input = join(CASES, name, 'in.yaml')
  const golden = join(CASES, name, 'out.yaml')
  if (!existsSync(input)) {
    if (UPDATE) rmSync(join(CASES, name), { recursive: true })
    else test(`${name} has an input`, () => assert.fail(`${input} does not exist`))
    continue
  }
  test(`what a sidecar is sent for ${name}`, () => {
    const actual = render(readFileSync(input, 'utf8'))
    if (UPDATE) writeFileSync(golden, actual)
    assert.equal(actual, readFileSync(golden, 'utf8'))
  })
}

function render(text: string): string {
  const documents = text.split(/^---\n/m)
  const isNode = (document: string) => document.startsWith('kind: ProxyNode\n')
  const node = (parse(documents.find(isNode) ?? '{}') as { readonly spec?: Partial<NodeIdentity> }).spec
  const id = 'sidecar~10.0.0.1~app.default~default.svc.cluster.local'
  const proxyNode = proxyNodeOf({ id, cluster: '', metadata: {}, ...node })
  const translation = translate(
    buildMesh(configFromYaml(documents.filter((document) => !isNode(document)).join('---\n'))),
    proxyNode,
  )
  const dump = dumpResources(translation)
  const rest = {
    ...dump,
    clusters: dump.clusters.filter((cluster) => !SENT_TO_ALL.has((cluster as { name: string }).name)),
    rejections: translation.rejections.map((rejection) => `${rejection.code}: ${describeRejection(rejection)}`),
  }
  return stringify(rest, { lineWidth: 0, aliasDuplicateObjects: false })
}

import assert from 'node:assert/strict'
import { combine } from '#api/configuration.ts'
import { checkManifestFile } from '#api/document.ts'
import type { MeshConfig } from '#api/mesh-config.ts'
import type { ConfigInput } from '#control/source/config-input.ts'
import { parseManifests } from '#kube/manifest.ts'

/** The configuration of a YAML text, which must have no error. */
export function configFromYaml(text: string, overrides: Partial<MeshConfig> = {}): ConfigInput {
  const { meshConfig, serviceEntries, sidecars, messages } = combine(
    [checkManifestFile(parseManifests('in.yaml', text))],
    'error',
  )
  assert.deepEqual(
    messages.filter(({ level }) => level === 'error'),
    [],
  )
  return { meshConfig: { ...meshConfig, ...overrides }, serviceEntries, sidecars }
}

import type { MeshConfig } from '#api/mesh-config.ts'
import { Memo } from '#base/memo.ts'
import type { ConfigInput } from '#control/source/config-input.ts'
import type { MeshOverrides } from './control-settings.ts'

/** Puts the command line's word over the mesh configuration's; one that stays the same stays the same object. */
export function overriding(overrides: Partial<MeshOverrides>): (input: ConfigInput) => ConfigInput {
  const memo = new Memo<MeshConfig>()
  return (input) => ({
    ...input,
    meshConfig: memo.recall(input.meshConfig, '', [], () => withOverrides(input.meshConfig, overrides)),
  })
}

function withOverrides(meshConfig: MeshConfig, overrides: Partial<MeshOverrides>): MeshConfig {
  return {
    ...meshConfig,
    outboundTrafficPolicy: { mode: overrides.policy ?? meshConfig.outboundTrafficPolicy.mode },
    accessLogFile: overrides.accessLogFile ?? meshConfig.accessLogFile,
    accessLogEncoding: overrides.accessLogEncoding ?? meshConfig.accessLogEncoding,
  }
}

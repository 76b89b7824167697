import type { MeshConfig } from '#api/mesh-config.ts'
import type { ConfigInput } from '#control/source/config-input.ts'
import type { MeshOverrides } from './control-settings.ts'

/** The command line's word over the mesh configuration's. */
export function withOverrides(input: ConfigInput, overrides: Partial<MeshOverrides>): ConfigInput {
  const { meshConfig } = input
  const changed: MeshConfig = {
    ...meshConfig,
    outboundTrafficPolicy: { mode: overrides.policy ?? meshConfig.outboundTrafficPolicy.mode },
    accessLogFile: overrides.accessLogFile ?? meshConfig.accessLogFile,
    accessLogEncoding: overrides.accessLogEncoding ?? meshConfig.accessLogEncoding,
  }
  return { ...input, meshConfig: changed }
}

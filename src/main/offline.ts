import { describeRejection } from '#control/mesh/rejection.ts'
import { createSnapshotSource } from '#control/snapshot/snapshot-source.ts'
import type { ConfigInput } from '#control/source/config-input.ts'
import { openFileSource } from '#control/source/files.ts'
import { formatMessage } from '#kube/message.ts'
import type { NodeIdentity, ResourceSet } from '#xds/resource-set.ts'
import type { MeshOverrides } from './control-settings.ts'
import { overriding } from './mesh-overrides.ts'

/** The configuration in these files, as a control plane would take it. Warnings go to `warn`. Throws a Fault naming every error. */
export function inputOffline(
  files: readonly string[],
  overrides: Partial<MeshOverrides>,
  warn: (text: string) => void,
): ConfigInput {
  const source = openFileSource({
    paths: files,
    onProblem: () => {},
    onWarning: (warnings) => warn(warnings.map(formatMessage).join('\n')),
  })
  try {
    return overriding(overrides)(source.current())
  } finally {
    source.close()
  }
}

/** What a node would be sent for a configuration, without any socket; what of it the node does not get goes to `warn`. */
export function resourcesOffline(input: ConfigInput, node: NodeIdentity, warn: (text: string) => void): ResourceSet {
  const snapshots = createSnapshotSource()
  snapshots.update(input)
  for (const rejection of snapshots.rejections(node) ?? []) warn(describeRejection(rejection))
  return snapshots.current(node) as ResourceSet
}

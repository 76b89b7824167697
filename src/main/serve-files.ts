import { describeRejection } from '#control/mesh/rejection.ts'
import { createSnapshotSource } from '#control/snapshot/snapshot-source.ts'
import { openFileSource } from '#control/source/files.ts'
import { formatMessage } from '#kube/message.ts'
import { AdsServer } from '#xds/server/ads-server.ts'
import type { ControlSettings } from './control-settings.ts'
import { overriding } from './mesh-overrides.ts'

/** Serves what the files say as xDS, and follows them; settles when it serves. `say` is told what a user should know. */
export async function serveFiles(settings: ControlSettings, say: (text: string) => void): Promise<void> {
  const said = new Set<string>()
  const source = openFileSource({
    paths: settings.files,
    onProblem: (errors) => say(`the last good configuration stays in force:\n${errors.map(formatMessage).join('\n')}`),
    onWarning: (warnings) => say(warnings.map(formatMessage).join('\n')),
  })
  const snapshots = createSnapshotSource()
  const override = overriding(settings.overrides)
  const update = () => snapshots.update(override(source.current()))
  update()
  source.watch(update)
  const server = new AdsServer({
    source: snapshots,
    onOutcome: (outcome) => {
      if (outcome.kind === 'nack') say(`the sidecar refused ${outcome.typeUrl}: ${outcome.reason}`)
      for (const rejection of snapshots.rejections(outcome.node) ?? []) {
        const text = describeRejection(rejection)
        if (!said.has(text)) say(text)
        said.add(text)
      }
    },
  })
  await server.listen({ path: settings.socketPath })
}

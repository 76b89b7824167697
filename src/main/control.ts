// The control process of one `postern run`: files → mesh → translation → xDS on a Unix socket. Ends with its parent.
import { flushCompileCache } from 'node:module'
import { dirname } from 'node:path'
import { Fault, messageOf } from '#base/fault.ts'
import { describeRejection } from '#control/mesh/rejection.ts'
import { createSnapshotSource } from '#control/snapshot/snapshot-source.ts'
import { openFileSource } from '#control/source/files.ts'
import { formatMessage } from '#kube/message.ts'
import { AdsServer } from '#xds/server/ads-server.ts'
import type { ControlNews, ControlSettings } from './control-settings.ts'
import { overriding } from './mesh-overrides.ts'
import { makePrivateDirectory, removePrivateDirectory } from './private-directory.ts'

/** When nobody listens any more, this process is about to end. */
function tell(news: ControlNews): void {
  process.send?.(news, undefined, undefined, () => undefined)
}

function notice(text: string): void {
  tell({ kind: 'notice', text })
}

async function serve(settings: ControlSettings): Promise<void> {
  makePrivateDirectory(dirname(settings.socketPath))
  tell({ kind: 'placed' })
  const source = openFileSource({
    paths: settings.files,
    onProblem: (errors) =>
      notice(`the last good configuration stays in force:\n${errors.map(formatMessage).join('\n')}`),
    onWarning: (warnings) => notice(warnings.map(formatMessage).join('\n')),
  })
  const snapshots = createSnapshotSource()
  const override = overriding(settings.overrides)
  const update = () => snapshots.update(override(source.current()))
  update()
  source.watch(update)
  const server = new AdsServer({
    source: snapshots,
    onOutcome: (outcome) => {
      if (outcome.kind === 'nack') notice(`the sidecar refused ${outcome.typeUrl}: ${outcome.reason}`)
      for (const rejection of snapshots.rejections(outcome.node) ?? []) sayOnce(describeRejection(rejection))
    },
  })
  await server.listen({ path: settings.socketPath })
  tell({ kind: 'ready' })
  // The end of a run kills this process, so that what was compiled is kept now or never.
  flushCompileCache()
}

/** However the run ends, also before this process has begun: this process ends with it and leaves nothing. */
function endWithRun({ socketPath }: ControlSettings): void {
  const end = () => {
    removePrivateDirectory(dirname(socketPath))
    process.exit()
  }
  process.once('disconnect', end)
  if (!process.connected) end()
}

const said = new Set<string>()

function sayOnce(text: string): void {
  if (said.has(text)) return
  said.add(text)
  notice(text)
}

// The terminal's signals go to the whole foreground process group: the run decides when this process ends.
for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM', 'SIGTSTP', 'SIGUSR1', 'SIGUSR2'] as const) {
  process.on(signal, () => {})
}

const settings = JSON.parse(process.argv[2] as string) as ControlSettings
endWithRun(settings)
try {
  await serve(settings)
} catch (thrown) {
  const mend = thrown instanceof Fault && thrown.mend !== undefined ? [thrown.mend] : []
  // The run ends this process, as ever.
  tell({ kind: 'invalid', messages: [messageOf(thrown), ...mend] })
}

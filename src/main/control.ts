// The control process of one `postern run`: files → mesh → translation → xDS on a Unix socket. Ends with its parent.
import { flushCompileCache } from 'node:module'
import { dirname } from 'node:path'
import { Fault, messageOf } from '#base/fault.ts'
import { leaveTerminalAsItIs } from '#base/leave-terminal.ts'
import type { ControlNews, ControlSettings } from './control-settings.ts'
import { makePrivateDirectory, removePrivateDirectory } from './private-directory.ts'

/** When nobody listens any more, this process is about to end. */
function tell(news: ControlNews): void {
  process.send?.(news, undefined, undefined, () => undefined)
}

function notice(text: string): void {
  tell({ kind: 'notice', text })
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

leaveTerminalAsItIs()
// The terminal's signals go to the whole foreground process group: the run decides when this process ends.
for (const signal of ['SIGINT', 'SIGQUIT', 'SIGHUP', 'SIGTERM', 'SIGTSTP', 'SIGUSR1', 'SIGUSR2'] as const) {
  process.on(signal, () => {})
}

const settings = JSON.parse(process.argv[2] as string) as ControlSettings
endWithRun(settings)
try {
  makePrivateDirectory(dirname(settings.socketPath))
  tell({ kind: 'placed' })
  // The capsule waits for the directory: the rest is loaded only now.
  const { serveFiles } = await import('./serve-files.ts')
  await serveFiles(settings, notice)
  tell({ kind: 'ready' })
  // The end of a run may kill this process: what was compiled is kept now or never.
  flushCompileCache()
} catch (thrown) {
  const mend = thrown instanceof Fault && thrown.mend !== undefined ? [thrown.mend] : []
  // The run ends this process, as ever.
  tell({ kind: 'invalid', messages: [messageOf(thrown), ...mend] })
}

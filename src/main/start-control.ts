import { realpathSync } from 'node:fs'
import { resolve } from 'node:path'
import type { RunOptions } from '#cli/run.ts'
import { accessLogPath } from './access-log-path.ts'
import { ControlProcess } from './control-process.ts'
import type { MeshOverrides } from './control-settings.ts'
import { isInput } from './kept-input.ts'
import { notice } from './notice.ts'

/** Starts the control process of a run. */
export function startControl(options: RunOptions): ControlProcess {
  return new ControlProcess({ files: options.files.map(absolute), overrides: overridesOf(options) }, notice)
}

function overridesOf(options: RunOptions): MeshOverrides {
  const { accessLog } = options
  return {
    policy: options.policy,
    accessLogFile: accessLogPath(options),
    accessLogEncoding: accessLog === undefined ? undefined : options.logFormat === 'json' ? 'JSON' : 'TEXT',
  }
}

/** Links are followed once: the program could turn them. What does not exist is the control process's to complain of. */
function absolute(file: string): string {
  if (isInput(file)) return file
  try {
    return realpathSync(file)
  } catch {
    return resolve(file)
  }
}

import type { Command } from 'commander'
import { addRunVerb } from '#cli/run.ts'

/** `postern run` */
export function addRun(program: Command): void {
  addRunVerb(program, async (options) =>
    options.cooperative
      ? (await import('./run-cooperative.ts')).runCooperative(options)
      : (await import('./run-sealed.ts')).runSealed(options),
  )
}

import { closeSync, openSync } from 'node:fs'
import { isatty } from 'node:tty'

/**
 * Node, as it ends, sets the terminals among its standard streams to what they were at its start; but by then they are how another program
 * wants them: the one in front of this background job, or the one that was run to change them (stty). What was opened since it leaves alone.
 */
export function leaveTerminalAsItIs(): void {
  process.on('exit', () => {
    for (const descriptor of [0, 1, 2]) {
      if (!isatty(descriptor)) continue
      closeSync(descriptor)
      // The lowest number that is free.
      openSync('/dev/null', 'r+')
    }
  })
}

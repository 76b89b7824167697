import type { Attempt, Target } from './hostile/attempt.ts'
import { floodAttempts } from './hostile/floods.ts'
import { kernelAttempts } from './hostile/kernel.ts'
import { meshAttempts } from './hostile/mesh.ts'
import { networkAttempts } from './hostile/network.ts'
import { processAttempts } from './hostile/processes.ts'
import { unixAttempts } from './hostile/unix-sockets.ts'

/** The hostile program: `hostile.ts ATTEMPT TARGET`. Ends with 42 when it got out, with 0 when everything was refused. */
const escaped = 42

const attempts: Readonly<Record<string, Attempt>> = {
  ...networkAttempts,
  ...unixAttempts,
  ...kernelAttempts,
  ...processAttempts,
  ...floodAttempts,
  ...meshAttempts,
}

const [name = '', target = ''] = process.argv.slice(2)
const attempt = attempts[name]
if (attempt === undefined) throw new Error(`there is no attempt "${name}"`)
process.exit(await tell(attempt, JSON.parse(target) as Target))

async function tell(attempt: Attempt, target: Target): Promise<number> {
  try {
    const reached = await attempt(target)
    process.stdout.write(reached === undefined ? 'refused\n' : `reached ${reached}\n`)
    return reached === undefined ? 0 : escaped
  } catch (error) {
    process.stdout.write(`refused: ${error}\n`)
    return 0
  }
}

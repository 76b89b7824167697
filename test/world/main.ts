/**
 * Runs a command in a world of its own: `node test/world/main.ts [--mariadb] [--as-user] -- COMMAND...`.
 * The world is a network, mount and process namespace: everything in it ends with it, nothing in it reaches out of it.
 * Without root it is a user namespace as well, in which the command is root.
 */
import { spawn } from 'node:child_process'
import { chownSync, mkdirSync } from 'node:fs'
import { constants } from 'node:os'
import { join } from 'node:path'
import { createWorld, type World } from './world.ts'

const INSIDE = '--inside'
/** Debian's "nobody": an ordinary user who owns nothing. */
const ORDINARY_UID = 65534

interface Settings {
  readonly inside: boolean
  readonly mariadb: boolean
  readonly asUser: boolean
  readonly command: readonly [string, ...string[]]
}

function readSettings(argv: readonly string[]): Settings {
  const dashes = argv.indexOf('--')
  const [program, ...rest] = dashes === -1 ? [] : argv.slice(dashes + 1)
  const flags = new Set(argv.slice(0, dashes === -1 ? argv.length : dashes))
  const known = [INSIDE, '--mariadb', '--as-user']
  const unknown = [...flags].find((flag) => !known.includes(flag))
  if (program === undefined || unknown !== undefined) {
    console.error(
      `usage: node test/world/main.ts [--mariadb] [--as-user] -- COMMAND...${unknown ? ` (not "${unknown}")` : ''}`,
    )
    process.exit(2)
  }
  return {
    inside: flags.has(INSIDE),
    mariadb: flags.has('--mariadb'),
    asUser: flags.has('--as-user'),
    command: [program, ...rest],
  }
}

/** Replaces this process by itself in new namespaces. */
function enter(): never {
  const userNamespace = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const namespaces = [...userNamespace, '--net', '--mount', '--pid', '--fork', '--kill-child', '--mount-proc']
  const self = [process.execPath, ...process.execArgv, import.meta.filename, INSIDE, ...process.argv.slice(2)]
  const env = { ...process.env } as NodeJS.Dict<string>
  process.execve?.('/usr/bin/unshare', ['unshare', ...namespaces, '--', ...self], env)
  throw new Error('cannot replace this process: Node >= 24 is needed')
}

function spawnCommand(settings: Settings, world: World): Promise<number> {
  const home = join(world.directory, 'home')
  mkdirSync(home)
  const env: NodeJS.ProcessEnv = { ...process.env, ...world.env }
  // The user's own proxy is not in this world.
  for (const name of Object.keys(env)) if (/^(https?|all|no)_proxy$/i.test(name)) delete env[name]
  let [program, ...args] = settings.command
  if (settings.asUser) {
    chownSync(home, ORDINARY_UID, ORDINARY_UID)
    Object.assign(env, {
      HOME: home,
      TMPDIR: home,
      USER: 'nobody',
      LOGNAME: 'nobody',
      XDG_CACHE_HOME: join(home, '.cache'),
      XDG_STATE_HOME: join(home, '.local/state'),
    })
    const drop = [`--reuid=${ORDINARY_UID}`, `--regid=${ORDINARY_UID}`, '--clear-groups', '--inh-caps=-all']
    args = [...drop, '--', program, ...args]
    program = 'setpriv'
  }
  const child = spawn(program, args, { stdio: 'inherit', env })
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGQUIT'] as const) process.on(signal, () => child.kill(signal))
  return new Promise((resolve, reject) => {
    child.once('error', reject)
    child.once('exit', (code, signal) => resolve(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
  })
}

const settings = readSettings(process.argv.slice(2))
if (!settings.inside) enter()
const world = await createWorld({ mariadb: settings.mariadb })
process.once('exit', world.close)
process.exit(await spawnCommand(settings, world))

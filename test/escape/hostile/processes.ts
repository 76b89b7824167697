import { closeSync, constants, openSync, readdirSync, readFileSync } from 'node:fs'
import { type Attempt, any } from './attempt.ts'
import { libc } from './system.ts'

const PTRACE_ATTACH = 16
const PTRACE_DETACH = 17

/** Process 1 is the agent when sealed; outside it is never touched, a process made for it is. */
function protectedPid(victimPid: number): number {
  return readFileSync('/proc/1/cmdline', 'utf8').includes('agent') ? 1 : victimPid
}

export const processAttempts: Readonly<Record<string, Attempt>> = {
  /** Signal 0 asks whether a signal would be delivered. */
  'signal-outside': ({ victimPid }) => (process.kill(victimPid, 0) ? `kill(${victimPid}, 0)` : undefined),
  'see-outside': ({ victimPid }) =>
    readdirSync('/proc').includes(String(victimPid)) ? `/proc/${victimPid}` : undefined,
  trace: ({ victimPid }) => {
    const pid = protectedPid(victimPid)
    if (Number(libc.ptrace(PTRACE_ATTACH, pid, 0, 0)) !== 0) return undefined
    libc.ptrace(PTRACE_DETACH, pid, 0, 0)
    return `ptrace(${pid})`
  },
  'look-into': ({ victimPid }) => {
    const pid = protectedPid(victimPid)
    const threads = readdirSync(`/proc/${pid}/task`)
    const files = ['mem', 'environ', 'fd/0', 'root/etc/passwd', 'ns/net', 'cwd/.']
    return any(
      ...[`/proc/${pid}`, ...threads.map((thread) => `/proc/${pid}/task/${thread}`)].flatMap((place) =>
        files.map((file) => () => {
          closeSync(openSync(`${place}/${file}`, constants.O_RDONLY))
          return `${place}/${file}`
        }),
      ),
    )
  },
  /** Ends the program's own process group; the test looks whether the sidecar was in it. */
  'kill-own-group': () => (process.kill(0, 'SIGKILL') ? 'kill(0)' : undefined),
}

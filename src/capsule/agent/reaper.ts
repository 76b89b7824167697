import { call } from './libc.ts'

const P_ALL = 0
const P_PID = 1
const WNOHANG = 1
const WUNTRACED = 2
const WEXITED = 4
const WNOWAIT = 0x01000000

/** `siginfo_t` of a child: si_pid at byte 16; zero when nothing waits. */
const pidOffset = 16

/**
 * What pid 1 owes: it collects the orphans that the program leaves, and notices when job control stops the program.
 * The program itself is Node's to collect, so a dead child is looked at first and taken only when it is not that one.
 */
export function reapOrphans(programPid: number, onStopped: () => void): void {
  const info = Buffer.alloc(128)

  const collect = () => {
    for (;;) {
      const dead = waitFor(P_ALL, 0, WEXITED | WNOHANG | WNOWAIT)
      if (dead === 0) break
      if (dead === programPid) {
        setImmediate(collect)
        break
      }
      waitFor(P_PID, dead, WEXITED | WNOHANG)
    }
    if (waitFor(P_PID, programPid, WUNTRACED | WNOHANG) === programPid) onStopped()
  }

  const waitFor = (idType: number, id: number, options: number): number => {
    info.fill(0)
    try {
      call('waitid', idType, id, info, options)
    } catch {
      return 0
    }
    return info.readInt32LE(pidOffset)
  }

  process.on('SIGCHLD', collect)
}

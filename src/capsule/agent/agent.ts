import { accessSync, closeSync, constants, openSync } from 'node:fs'
import { Fault, messageOf } from '#base/fault.ts'
import { leaveTerminalAsItIs } from '#base/leave-terminal.ts'
import type { Exit } from '#capsule/capsule.ts'
import { commandFault } from '#capsule/command-fault.ts'
import { buildFilesystem, maskSockets } from './filesystem.ts'
import { attempt, call, ignoreSignal } from './libc.ts'
import { handOverListeners } from './listeners.ts'
import type { FromAgent, ProgramPlan, ToAgent } from './messages.ts'
import { mountProcesses } from './mount.ts'
import { buildNetwork, kernelHasIpv6 } from './network.ts'
import { closeDescriptorsOnExec, dropPrivileges, forbidUserNamespaces, limitTasks, protectAgent } from './privileges.ts'
import { collectAll } from './reaper.ts'
import { spawnLeader } from './spawn-leader.ts'

/**
 * The agent: process 1 of the capsule. It builds the capsule from inside, hands the listening sockets out, gives up its
 * own rights, starts the program, and ends the capsule by ending.
 */
/** The sidecar reads the agent's own standard error, so the program's comes as another descriptor. */
const programStderr = 4

/** The program, and its process group. */
let leader = 0

protectAgent()
leaveTerminalAsItIs()
process.chdir('/')
process.on('disconnect', () => process.exit(1))
process.on('message', (message: ToAgent) => {
  receive(message).catch(reportFailure)
})
tell({ kind: 'born' })

async function receive(message: ToAgent): Promise<void> {
  if (message.kind === 'build') return build(message)
  if (message.kind === 'start') return start(message.program)
  if (message.foreground) giveTerminal()
  deliver(message.signal)
}

function deliver(signal: NodeJS.Signals): void {
  try {
    process.kill(-leader, signal)
  } catch {
    // Nobody of the group is left.
  }
}

async function build({ filesystem, taskLimit }: ToAgent & { kind: 'build' }): Promise<void> {
  mountProcesses('/proc')
  const hasIpv6 = kernelHasIpv6()
  await buildNetwork(hasIpv6)
  await handOverListeners(hasIpv6)
  const gaps = limitTasks(taskLimit)
  forbidUserNamespaces()
  buildFilesystem(filesystem)
  tell({ kind: 'built', gaps })
}

async function start(plan: ProgramPlan): Promise<void> {
  maskSockets(plan.maskedSockets)
  // Neither this process nor the program is in the sidecar's process group: `kill 0` inside never reaches that.
  call('setpgid', 0, 0)
  // Taking the terminal from the background would stop us otherwise.
  ignoreSignal('SIGTTOU')
  closeDescriptorsOnExec()
  const gaps = dropPrivileges()
  checkWorkingDirectory(plan.cwd)
  try {
    leader = spawnLeader({ ...plan, stdio: [0, 1, programStderr] })
  } catch (thrown) {
    throw commandFault(plan.command[0], plan.env.PATH, thrown as NodeJS.ErrnoException)
  }
  if (plan.foreground) giveTerminal()
  tell({ kind: 'started', gaps })
  collectAll(leader, { onEnded: endWith, onStopped: answerStop })
}

/** It may have asked for the terminal a moment before it got it. */
function answerStop(signal: NodeJS.Signals): void {
  const wantsTerminal = signal === 'SIGTTIN' || signal === 'SIGTTOU'
  if (wantsTerminal && onTerminal((terminal) => attempt('tcgetpgrp', terminal) === leader)) deliver('SIGCONT')
  else tell({ kind: 'stopped', signal })
}

/** Otherwise the command would be blamed for what is wrong with its directory. */
function checkWorkingDirectory(path: string): void {
  try {
    accessSync(path, constants.X_OK)
  } catch (cause) {
    const why = `the working directory "${path}" cannot be entered in the capsule: ${messageOf(cause)}`
    throw new Fault('capsule/working-directory', why, { cause })
  }
}

/** Nobody is in front of a terminal that has gone, or of a program that has ended. */
function giveTerminal(): void {
  onTerminal((terminal) => attempt('tcsetpgrp', terminal, leader))
}

/** The terminal of the session, whatever input and output are; undefined where there is none. */
function onTerminal<Result>(act: (descriptor: number) => Result): Result | undefined {
  let terminal: number
  try {
    terminal = openSync('/dev/tty', 'r+')
  } catch {
    return undefined
  }
  const result = act(terminal)
  closeSync(terminal)
  return result
}

/** The end of process 1 is the end of every process in the capsule. */
function endWith(exit: Exit): void {
  tell({ kind: 'exited', exit }, () => process.exit(0))
}

function reportFailure(thrown: unknown): void {
  const fault =
    thrown instanceof Fault ? thrown : new Fault('capsule/build', messageOf(thrown), { mend: 'postern doctor' })
  tell({ kind: 'failed', code: fault.code, message: fault.message, mend: fault.mend }, () => process.exit(1))
}

function tell(message: FromAgent, done?: () => void): void {
  process.send?.(message, undefined, undefined, () => done?.())
}

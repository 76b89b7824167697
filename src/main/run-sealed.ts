import { existsSync, realpathSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { createPrivateDirectory } from '#apiserver/store/durable-file.ts'
import { Fault } from '#base/fault.ts'
import { isWithin } from '#base/is-within.ts'
import { programDirectory } from '#base/program-path.ts'
import type { Capsule } from '#capsule/capsule.ts'
import { createCapsule } from '#capsule/create-capsule.ts'
import type { RunOptions } from '#cli/run.ts'
import { isDirectory, listDirectories, listLinks } from '#kube/manifest-directory.ts'
import { type ControlLink, openControl } from './control-link.ts'
import { notice } from './notice.ts'
import { programEnvironment } from './program-environment.ts'
import { releaseStartUpMemory } from './release-memory.ts'
import type { RunParts } from './run-parts.ts'
import { stateDirectory } from './state-directory.ts'

/**
 * What the sidecar goes by while the program runs. Its code is read late in part, by a control process that is started again, and names
 * that lead elsewhere would lead the sidecar there: a program whose user may write these must not.
 */
const SIDECAR_FILES: readonly string[] = [
  // Sources and bundle: the newer ones are the user's next run.
  ...['bin', 'src', 'dist', 'node_modules', 'package.json'].map((name) => join(dirname(programDirectory), name)),
  process.execPath,
  ...(process.env.POSTERN_COMPILE_CACHE === undefined ? [] : [process.env.POSTERN_COMPILE_CACHE]),
  '/etc/hosts',
  '/etc/resolv.conf',
]

/**
 * `postern run`: the sidecar's process. Starts the control process and the capsule beside it, and answers the program's exit code.
 * This file imports little: the other two processes come up while this one loads the data path.
 */
export async function runSealed(options: RunOptions): Promise<number> {
  const cwd = workingDirectory()
  const control = await openControl(options)
  for (const path of options.sharedSockets) if (!existsSync(path)) notice(`--share-socket: there is no "${path}"`)
  const files = protectedFiles(options)
  const building = createCapsule({
    command: options.command,
    env: programEnvironment(process.env),
    cwd,
    sharedSockets: options.sharedSockets,
    hiddenDirectories: [meshState()],
    readOnlyPaths: control.directory.then((directory) => [...files, directory, ...SIDECAR_FILES]),
  })
  // Unsettled parts are looked at one after the other; a failure of a later one must not count as unhandled until then.
  building.catch(() => undefined)
  try {
    return await runBeside(control, building, options)
  } finally {
    void building.then((capsule) => capsule.destroy()).catch(() => undefined)
    await control.close()
  }
}

/** Asked for before anything is started that would have to be ended again. */
function workingDirectory(): string {
  try {
    return process.cwd()
  } catch (cause) {
    throw new Fault('capsule/working-directory', 'the working directory does not exist any more', {
      cause,
      mend: 'change to a directory that exists:  cd',
    })
  }
}

/**
 * The mesh's keys and objects are this user's, and so within reach of a program that runs as this user. The directory is made where it is
 * missing: the program must neither see a mesh that comes up later, nor put there one of its own, which the user's next run would join.
 */
function meshState(): string {
  const state = stateDirectory(undefined)
  try {
    createPrivateDirectory(state)
  } catch {
    // Who cannot make it cannot make it inside either.
  }
  return state
}

async function runBeside(control: ControlLink, building: Promise<Capsule>, options: RunOptions): Promise<number> {
  const { buildParts, closeParts, subscribe } = await import('./run-parts.ts')
  const parts = buildParts(options)
  try {
    await control.ready
    subscribe(parts, control)
    const capsule = await building
    parts.sidecar.attach(capsule.sockets)
    await parts.sidecar.configured
    await parts.records.ready
    return await runProgram(options, parts, capsule)
  } finally {
    await closeParts(parts)
  }
}

async function runProgram(options: RunOptions, parts: RunParts, capsule: Capsule): Promise<number> {
  await capsule.start()
  releaseStartUpMemory()
  for (const gap of capsule.gaps) notice(gap)
  const exit = await capsule.exited
  for (const { ip, port } of capsule.refusedDatagrams()) parts.sidecar.denier.udp(ip, port)
  const { conclude, exitCodeOf } = await import('./run-parts.ts')
  return conclude(options, parts, exitCodeOf(exit), 'enforced')
}

/**
 * The configuration decides over the program, which runs as the user who may write it: inside it is read-only. A directory that the
 * program works in cannot be. So is the directory of the control process's socket: no false one may take its place.
 */
function protectedFiles({ files }: RunOptions): readonly string[] {
  const named = files.filter((file) => {
    if (file === '-') return false
    if (!isWithin(process.cwd(), realPathOf(file))) return true
    notice(`the command can change its own configuration: "${file}" holds its working directory`)
    return false
  })
  // What links in a directory lead to is read as its own.
  const links = named.filter(isDirectory).flatMap(listDirectories).flatMap(listLinks)
  return [...named, ...links.map(realPathOf)]
}

/** A path that does not exist is the control process's to complain of. */
function realPathOf(path: string): string {
  try {
    return realpathSync(path)
  } catch {
    return path
  }
}

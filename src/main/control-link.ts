import { randomInt } from 'node:crypto'
import { once } from 'node:events'
import { realpathSync, statSync } from 'node:fs'
import { connect } from 'node:net'
import { dirname } from 'node:path'
import { Fault, messageOf } from '#base/fault.ts'
import { isWithin } from '#base/is-within.ts'
import type { RunOptions } from '#cli/run.ts'
import type { NodeIdentity } from '#xds/resource-set.ts'
import { accessLogPath } from './access-log-path.ts'
import { askMesh } from './ask-mesh.ts'
import { meshPlace } from './mesh-place.ts'
import { sidecarNode } from './sidecar-node.ts'
import { startControl } from './start-control.ts'
import { stateDirectory } from './state-directory.ts'

/** The control plane of a run: a process of its own for files, or that of the mesh that is up. */
export interface ControlLink {
  /** Where it serves xDS. */
  readonly socketPath: string
  /** The directory of that socket, once it is there. */
  readonly directory: Promise<string>
  /** Who the sidecar is to it. */
  readonly node: NodeIdentity
  /** Settles when it serves. */
  readonly ready: Promise<void>
  close(): Promise<void>
}

/** A run joins the control plane that it is told of; without files the mesh that is up; with files, or where none is up, it stands alone. */
export async function openControl(options: RunOptions): Promise<ControlLink> {
  const xds = await joinedSocket(options)
  if (xds !== undefined) return join(options, xds)
  const { name, namespace, labels } = options
  const control = startControl(options)
  return {
    socketPath: control.socketPath,
    directory: control.directory,
    node: sidecarNode({ name, namespace }, labels),
    ready: control.ready,
    close: () => control.close(),
  }
}

/** Where the control plane that this run joins serves xDS; undefined when it joins none. */
async function joinedSocket({ control, files, namespace }: RunOptions): Promise<string | undefined> {
  if (control !== undefined) {
    await checkListened(control)
    checkDirectory(control)
    return control
  }
  if (files.length > 0) return undefined
  const { admin, xds } = meshPlace(stateDirectory(undefined))
  if ((await askMesh(admin, 'GET', '/status')) === undefined) return undefined
  await checkNamespace(admin, namespace)
  return xds
}

/** A run is registered in its namespace. */
async function checkNamespace(admin: string, name: string): Promise<void> {
  const answer = await askMesh(admin, 'GET', `/namespaces/${encodeURIComponent(name)}`)
  if (answer === undefined || (answer as { readonly exists: boolean }).exists) return
  throw new Fault('run/no-namespace', `the mesh has no namespace "${name}"`, {
    mend: `create it:  kubectl create namespace ${name}`,
  })
}

async function checkListened(path: string): Promise<void> {
  const socket = connect(path)
  try {
    await once(socket, 'connect')
  } catch (cause) {
    throw new Fault('run/no-control', `no control plane listens on "${path}": ${messageOf(cause)}`, {
      mend: `start one:  postern control --kubeconfig FILE --listen ${path}`,
      cause,
    })
  } finally {
    socket.destroy()
  }
}

/** Whoever can write there can put a control plane of his own in the socket's place: in a sealed run the directory is read-only for the program, if it can do without. */
function checkDirectory(path: string): void {
  const directory = realpathSync(dirname(path))
  const { uid, mode } = statSync(directory)
  const isOthers = (mode & 0o022) !== 0 || (uid !== 0 && uid !== process.getuid?.())
  if (!isOthers && !isWithin(process.cwd(), directory)) return
  const why = isOthers ? 'others may write' : 'the command works'
  throw new Fault('run/control-directory', `${why} in "${directory}", and could put a false control plane there`, {
    mend: 'have "postern control" listen in a directory of its own, of mode 0700',
  })
}

function join(options: RunOptions, socketPath: string): ControlLink {
  if (options.policy !== undefined) {
    throw new Fault(
      'run/policy-of-mesh',
      `--policy ${options.policy} cannot be had: this run joins a mesh, whose policy counts`,
      {
        mend: 'set outboundTrafficPolicy in the ConfigMap "istio" of istio-system; or give files with -f, and the run stands alone',
      },
    )
  }
  const { namespace, labels, logFormat } = options
  const node = sidecarNode({ name: registeredName(options.name), namespace }, { ...labels })
  const accessLog = accessLogPath(options)
  const metadata = {
    ...node.metadata,
    REGISTER: 'true',
    ...(accessLog === undefined ? {} : { ACCESS_LOG_FILE: accessLog, ACCESS_LOG_ENCODING: logFormat.toUpperCase() }),
  }
  return {
    socketPath,
    directory: Promise.resolve(dirname(socketPath)),
    node: { ...node, metadata },
    ready: Promise.resolve(),
    close: () => Promise.resolve(),
  }
}

const LETTERS = 'bcdfghjklmnpqrstvwxz2456789'
const SUFFIX_LENGTH = 5
const LONGEST = 253

/** A name for one run, as Kubernetes names the pods of one workload: "curl-x7k2p". */
function registeredName(workload: string): string {
  const base =
    workload
      .toLowerCase()
      .replace(/[^a-z0-9]+/g, '-')
      .replace(/^-+|-+$/g, '') || 'run'
  const suffix = Array.from({ length: SUFFIX_LENGTH }, () => LETTERS[randomInt(LETTERS.length)]).join('')
  return `${base.slice(0, LONGEST - SUFFIX_LENGTH - 1)}-${suffix}`
}

import { mkdirSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { connect } from 'node:net'
import { hostname, networkInterfaces } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { connect as connectTls } from 'node:tls'
import { type Attempt, any } from './attempt.ts'

const patienceMs = 1500

/** Whether somebody takes a connection to this path. */
function visit(path: string): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ path }, () => {
      socket.destroy()
      resolve(`unix ${path}`)
    })
    socket.on('error', () => resolve(undefined))
  })
}

/** Whether the certificate that is shown there is that of the mesh's API. */
function api(host: string, port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const socket = connectTls({ host, port, rejectUnauthorized: false }, () => {
      const { issuer } = socket.getPeerCertificate()
      socket.destroy()
      resolve(issuer === undefined ? undefined : `api ${host}:${port}`)
    })
    socket.on('error', () => resolve(undefined))
    socket.setTimeout(patienceMs, () => {
      socket.destroy()
      resolve(undefined)
    })
  })
}

function sockets(directory: string): Promise<string | undefined> {
  return any(...['admin.sock', 'xds.sock'].map((name) => () => visit(join(directory, name))))
}

/** Every way in which /proc shows directories of processes: their roots, where they stand and what they have open. */
function windows(): readonly string[] {
  return readdirSync('/proc')
    .filter((name) => /^(?:\d+|self|thread-self)$/.test(name))
    .flatMap((name) => [`/proc/${name}/root`, `/proc/${name}/cwd`, ...descriptorsOf(`/proc/${name}/fd`)])
}

function descriptorsOf(directory: string): readonly string[] {
  try {
    return readdirSync(directory).map((name) => join(directory, name))
  } catch {
    return []
  }
}

/** `directory` is the state directory of a mesh that is up, `port` that of its API. */
export const meshAttempts: Readonly<Record<string, Attempt>> = {
  'mesh-sockets': ({ directory }) => sockets(directory),
  'mesh-sockets-from-within': () => sockets('.'),
  'mesh-sockets-by-proc': ({ directory }) =>
    any(...windows().flatMap((window) => [() => sockets(`${window}${directory}`), () => sockets(window)])),
  'mesh-files': ({ directory }) =>
    any(...readdirSync(directory).map((name) => () => `${name} ${readFileSync(join(directory, name)).length}`)),
  'mesh-api': ({ port = 0 }) => {
    const own = Object.values(networkInterfaces()).flatMap((addresses) => addresses ?? [])
    const hosts = ['127.0.0.1', '127.1.2.3', '::1', '::ffff:127.0.0.1', '0.0.0.0', '::', 'localhost', hostname()]
    return any(...[...hosts, ...own.map(({ address }) => address)].map((host) => () => api(host, port)))
  },
  /** A state directory of one's own in the place of the mesh's: the user's next run would join what listens there. */
  'mesh-false-state': ({ directory }) => {
    const above = dirname(directory)
    renameSync(above, `${above}-moved`)
    mkdirSync(join(above, basename(directory)), { recursive: true })
    writeFileSync(join(directory, 'planted'), '')
    rmSync(above, { recursive: true })
    renameSync(`${above}-moved`, above)
    return `planted ${directory}`
  },
}

import { type ChildProcess, execFile, spawn, spawnSync } from 'node:child_process'
import { generateKeyPairSync } from 'node:crypto'
import { once } from 'node:events'
import { closeSync, existsSync, mkdtempSync, openSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { request } from 'node:https'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { eventually } from '#test/journeys/postern.ts'

const TOOLS = join(import.meta.dirname, '..', '..', 'tools')
const ADMIN_TOKEN = 'administrator'
/** A loaded machine takes its time to start an API server. */
const STARTING_MS = 120_000

interface Written {
  readonly code: number
  readonly stdout: string
  readonly stderr: string
}

/** A real API server with its etcd, on loopback: objects of any kind, roles and tokens, and none of the controllers of a cluster. */
export class KubeApiServer {
  readonly directory = mkdtempSync(join(tmpdir(), 'postern-kube-apiserver-'))
  readonly #programs = printedBy('kube-apiserver/build.mjs')
  readonly #kubectl = printedBy('kubectl/fetch.mjs')
  #etcd: ChildProcess | undefined
  #server: ChildProcess | undefined
  /** The path of the administrator's kubeconfig. */
  admin = ''
  #etcdPort = 0
  #peerPort = 0
  #port = 0

  /** Settles when requests are answered. */
  async start(): Promise<void> {
    this.#etcdPort = await freePort()
    this.#port = await freePort()
    this.#peerPort = await freePort()
    this.#startEtcd()
    const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 })
    this.file('service-accounts.key', privateKey.export({ type: 'pkcs8', format: 'pem' }))
    this.file('service-accounts.pub', publicKey.export({ type: 'spki', format: 'pem' }))
    this.file('tokens.csv', `${ADMIN_TOKEN},admin,admin,system:masters\n`)
    await this.resume()
  }

  #startEtcd(): void {
    const at = `http://127.0.0.1:${this.#etcdPort}`
    const peers = `http://127.0.0.1:${this.#peerPort}`
    this.#etcd = this.#spawn('etcd', [
      `--data-dir=${this.#path('etcd')}`,
      `--listen-client-urls=${at}`,
      `--advertise-client-urls=${at}`,
      `--listen-peer-urls=${peers}`,
      `--initial-advertise-peer-urls=${peers}`,
      `--initial-cluster=default=${peers}`,
      '--unsafe-no-fsync',
    ])
  }

  /** Starts the API server again, on its port, and etcd's objects are there. */
  async resume(): Promise<void> {
    this.#server = this.#spawn('kube-apiserver', [
      `--etcd-servers=http://127.0.0.1:${this.#etcdPort}`,
      `--secure-port=${this.#port}`,
      '--bind-address=127.0.0.1',
      '--advertise-address=127.0.0.1',
      '--endpoint-reconciler-type=none',
      `--cert-dir=${this.#path('certificates')}`,
      `--token-auth-file=${this.#path('tokens.csv')}`,
      '--authorization-mode=RBAC',
      '--service-cluster-ip-range=10.96.0.0/16',
      '--service-account-issuer=https://kubernetes.default.svc',
      `--service-account-key-file=${this.#path('service-accounts.pub')}`,
      `--service-account-signing-key-file=${this.#path('service-accounts.key')}`,
    ])
    await eventually(
      () => `the API server:\n${this.log()}`,
      () => this.#isReady(),
      STARTING_MS,
    )
    this.admin = this.file('admin.kubeconfig', this.kubeconfig({ token: ADMIN_TOKEN }))
  }

  /** Ends the API server at once, as a crash would. etcd stays. */
  async kill(): Promise<void> {
    await ended(this.#server)
  }

  async close(): Promise<void> {
    await ended(this.#server)
    await ended(this.#etcd)
    rmSync(this.directory, { recursive: true, force: true })
  }

  /** A kubeconfig for somebody with these credentials; `user` is the user's part of it. */
  kubeconfig(user: object): string {
    return JSON.stringify({
      apiVersion: 'v1',
      kind: 'Config',
      'current-context': 'test',
      contexts: [{ name: 'test', context: { cluster: 'test', user: 'test' } }],
      clusters: [
        {
          name: 'test',
          cluster: {
            server: `https://127.0.0.1:${this.#port}`,
            'certificate-authority': this.#path('certificates/apiserver.crt'),
          },
        },
      ],
      users: [{ name: 'test', user }],
    })
  }

  /** Writes a file that only this user may read, and answers its path. */
  file(name: string, text: string | Buffer): string {
    writeFileSync(this.#path(name), text, { mode: 0o600 })
    return this.#path(name)
  }

  /** What the administrator's kubectl printed; throws when it failed. */
  async kubectl(words: readonly string[], input = ''): Promise<string> {
    const { code, stdout, stderr } = await this.tryKubectl(words, input)
    if (code === 0) return stdout
    throw new Error(`kubectl ${words.join(' ')}: ${stderr}`)
  }

  tryKubectl(words: readonly string[], input = ''): Promise<Written> {
    const args = [...words, '--kubeconfig', this.admin, '--cache-dir', this.#path('cache')]
    return new Promise((resolve) => {
      const child = execFile(this.#kubectl, args, { timeout: 120_000, maxBuffer: 1 << 28 }, (error, stdout, stderr) =>
        resolve({ code: error === null ? 0 : Number(error.code ?? 1), stdout, stderr }),
      )
      child.stdin?.on('error', () => undefined).end(input)
    })
  }

  /** Has etcd forget all history up to now. */
  async compact(): Promise<void> {
    const ask = async (path: string, body: object) => {
      const answer = await fetch(`http://127.0.0.1:${this.#etcdPort}/v3/${path}`, {
        method: 'POST',
        body: JSON.stringify(body),
      })
      if (!answer.ok) throw new Error(`etcd: ${await answer.text()}`)
      return (await answer.json()) as { readonly header: { readonly revision: string } }
    }
    const { header } = await ask('kv/range', { key: 'AA==' })
    await ask('kv/compaction', { revision: header.revision, physical: true })
  }

  /** The end of what API server and etcd wrote. */
  log(): string {
    return ['etcd', 'kube-apiserver']
      .map((name) => readFileSync(this.#path(`${name}.log`), 'utf8').slice(-4_000))
      .join('\n')
  }

  #path(name: string): string {
    return join(this.directory, name)
  }

  /** It ends with this process, however that ends. */
  #spawn(name: string, args: readonly string[]): ChildProcess {
    const log = openSync(this.#path(`${name}.log`), 'a')
    try {
      const command = ['--pdeathsig', 'KILL', '--', join(this.#programs, name), ...args]
      return spawn('setpriv', command, { stdio: ['ignore', log, log], cwd: this.directory })
    } finally {
      closeSync(log)
    }
  }

  #isReady(): Promise<boolean> {
    if (this.#server?.exitCode !== null) throw new Error(`the API server ended:\n${this.log()}`)
    const certificate = this.#path('certificates/apiserver.crt')
    if (!existsSync(certificate)) return Promise.resolve(false)
    const headers = { authorization: `Bearer ${ADMIN_TOKEN}` }
    const to = {
      host: '127.0.0.1',
      port: this.#port,
      path: '/readyz',
      headers,
      ca: readFileSync(certificate),
      agent: false,
    }
    return new Promise((resolve) => {
      const asked = request(to, (response) => {
        response.resume()
        resolve(response.statusCode === 200)
      })
      asked.once('error', () => resolve(false)).end()
    })
  }
}

/** Why there is no API server to be had on this machine. */
function printedBy(tool: string): string {
  const { status, stdout, stderr } = spawnSync(process.execPath, [join(TOOLS, tool)], { encoding: 'utf8' })
  if (status === 0) return stdout.trim()
  throw new Error(`tools/${tool}: ${stderr.trim()}`)
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as { readonly port: number }
  await new Promise((resolve) => server.close(resolve))
  return port
}

async function ended(child: ChildProcess | undefined): Promise<void> {
  if (child === undefined || child.exitCode !== null || child.signalCode !== null) return
  const exited = once(child, 'exit')
  child.kill('SIGKILL')
  await exited
}

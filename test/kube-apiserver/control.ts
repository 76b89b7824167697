import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { eventually, postern, type Running, SealedShell, startPostern } from '#test/journeys/postern.ts'
import type { KubeApiServer } from './kube-apiserver.ts'

const RIGHTS = readFileSync(join(import.meta.dirname, '..', '..', 'deploy', 'control-rights.yaml'), 'utf8')
/** What a loaded machine needs for a test of this folder. */
const LIMIT_MS = 170_000
const CODE = "curl -s -m 5 -o /dev/null -w '%{http_code}' "

/** A control plane beside a real API server, as the service account that deploy/control-rights.yaml makes. */
export class Control {
  readonly process: Running
  readonly #socket: string
  readonly #context: TestContext

  private constructor(context: TestContext, socket: string, kubeconfig: string) {
    this.#context = context
    this.#socket = socket
    this.process = startPostern(
      ['control', '--kubeconfig', kubeconfig, '--listen', socket],
      '',
      undefined,
      undefined,
      LIMIT_MS,
    )
    context.after(() => {
      this.process.process.kill('SIGKILL')
      return this.process.ended
    })
  }

  /** Starts one, and does not wait for it; `kubeconfig` is a file's path. */
  static start(context: TestContext, server: KubeApiServer, kubeconfig = controlKubeconfig(server)): Control {
    return new Control(context, join(server.directory, `xds-${nextSocket++}`), kubeconfig)
  }

  /** Waits until it has said this on standard error, `times` times. */
  said(text: string | RegExp, times = 1): Promise<void> {
    const pattern = new RegExp(text instanceof RegExp ? text.source : escaped(text), 'g')
    const isSaid = () => (this.process.stderr().match(pattern) ?? []).length >= times
    return eventually(() => `${text} among:\n${this.process.stderr()}`, isSaid, 60_000)
  }

  serves(): Promise<void> {
    return this.said('serving xDS on')
  }

  /** A sealed shell that joins it. */
  shell(): SealedShell {
    const shell = new SealedShell(['--control', this.#socket], undefined, LIMIT_MS)
    this.#context.after(() => shell.close())
    return shell
  }
}

let nextSocket = 1

function escaped(text: string): string {
  return text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&')
}

/** The kubeconfig of the service account: its token is read from a file whenever it is needed. */
export function controlKubeconfig(server: KubeApiServer): string {
  return server.file('control.kubeconfig', server.kubeconfig({ tokenFile: join(server.directory, 'control.token') }))
}

/** Makes the service account with its rights, and writes a token of it. */
export async function grantRights(server: KubeApiServer): Promise<void> {
  await server.kubectl(['apply', '-f', '-'], RIGHTS)
  server.file('control.token', await server.kubectl(['create', 'token', 'postern-control', '-n', 'istio-system']))
}

/** Has the server hold Istio's kinds. */
export async function define(server: KubeApiServer): Promise<void> {
  const { stdout } = await postern('definitions')
  await server.kubectl(['apply', '--server-side', '-f', '-'], stdout)
  await server.kubectl(['wait', '--for=condition=Established', 'crd', '--all', '--timeout=60s'])
}

/** The status with which a site answers a program in the shell; 000 when it may not be reached. */
export function statusOf(shell: SealedShell, url: string): Promise<string> {
  return shell.run(`${CODE} ${url}`)
}

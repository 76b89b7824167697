import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { type Fault, messageOf } from '#base/fault.ts'
import { ignoredSignals, ignoring } from '#base/ignored-signals.ts'
import { collectProgram } from '#capsule/agent/reaper.ts'
import type { Exit } from '#capsule/capsule.ts'
import { commandFault } from '#capsule/command-fault.ts'
import type { RunOptions } from '#cli/run.ts'
import { acceptExplicit } from '#proxy/explicit/explicit-front.ts'
import { routeExplicit } from '#proxy/explicit/explicit-route.ts'
import { type ControlLink, openControl } from './control-link.ts'
import { notice } from './notice.ts'
import { programEnvironment } from './program-environment.ts'
import { releaseStartUpMemory } from './release-memory.ts'
import { buildParts, closeParts, conclude, exitCodeOf, type RunParts, subscribe } from './run-parts.ts'

/**
 * `postern run --cooperative`: no namespace. The program is told of a proxy through its environment, and one that does not listen goes
 * past it: what is refused is refused to those that ask only.
 */
export async function runCooperative(options: RunOptions): Promise<number> {
  const control = await openControl(options)
  try {
    return await runBeside(control, options)
  } finally {
    await control.close()
  }
}

async function runBeside(control: ControlLink, options: RunOptions): Promise<number> {
  const parts = buildParts(options)
  try {
    await control.ready
    subscribe(parts, control)
    await parts.sidecar.configured
    const port = await listen(parts)
    notice('cooperative: the command is asked to use a proxy, nothing is enforced')
    return await runProgram(options, parts, port)
  } finally {
    await closeParts(parts)
  }
}

async function listen({ sidecar }: RunParts): Promise<number> {
  const { proxy, dns, denier } = sidecar
  const decide = routeExplicit({
    config: () => proxy.config(),
    dispatch: (connection) => proxy.dispatch(connection),
    dns,
    denier,
  })
  const server = createServer()
  server.listen({ host: '127.0.0.1', port: 0 })
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  proxy.listenExplicit(server, (connection) => acceptExplicit(connection, decide))
  return port
}

async function runProgram(options: RunOptions, parts: RunParts, port: number): Promise<number> {
  const ignored = ignoredSignals(process.env)
  const [file, ...args] = ignoring(ignored, options.command)
  const env = { ...programEnvironment(process.env), ...proxyEnvironment(port) }
  const child = spawn(file, args, { stdio: 'inherit', env })
  releaseStartUpMemory()
  let { pid } = child
  const stopPassing = passSignals((signal) => {
    if (ignored.has(signal)) return
    try {
      if (pid !== undefined) process.kill(pid, signal)
    } catch (error) {
      // It may have become another user's (sudo).
      notice(`${signal} cannot be passed on to the command: ${messageOf(error)}`)
    }
  })
  try {
    const exit = await exitOf(child, (error) => commandFault(file, env.PATH, error))
    pid = undefined
    return await conclude(options, parts, exitCodeOf(exit), 'cooperative')
  } finally {
    stopPassing()
  }
}

/** @param faultOf what is thrown when the command did not start */
async function exitOf(child: ChildProcess, faultOf: (error: NodeJS.ErrnoException) => Fault): Promise<Exit> {
  if (child.pid === undefined) throw faultOf((await once(child, 'error'))[0])
  return await new Promise((resolve) => collectProgram(child, { onEnded: resolve }))
}

/** Every name that programs look for, in both cases; Node heeds them only when told so. */
function proxyEnvironment(port: number): NodeJS.ProcessEnv {
  const http = `http://127.0.0.1:${port}`
  const socks = `socks5h://127.0.0.1:${port}`
  const here = 'localhost,127.0.0.1,::1'
  return {
    HTTP_PROXY: http,
    http_proxy: http,
    HTTPS_PROXY: http,
    https_proxy: http,
    ALL_PROXY: socks,
    all_proxy: socks,
    NO_PROXY: here,
    no_proxy: here,
    NODE_USE_ENV_PROXY: '1',
  }
}

const PASSED = ['SIGTERM', 'SIGHUP', 'SIGINT', 'SIGQUIT', 'SIGUSR1', 'SIGUSR2'] as const

/** What a terminal sends reaches the program by itself; what is sent to this process alone is handed on. */
function passSignals(deliver: (signal: NodeJS.Signals) => void): () => void {
  const fromTerminal = process.stdin.isTTY ? new Set<string>(['SIGINT', 'SIGQUIT']) : new Set<string>()
  const handle = (signal: NodeJS.Signals) => {
    if (!fromTerminal.has(signal)) deliver(signal)
  }
  for (const signal of PASSED) process.on(signal, handle)
  return () => {
    for (const signal of PASSED) process.off(signal, handle)
  }
}

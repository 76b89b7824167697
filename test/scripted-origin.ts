import type { Socket } from 'node:net'
import type { TestContext } from 'node:test'
import type { Cluster, HttpConnectionManagerConfig, RouteAction } from '#proxy/config/model.ts'
import { httpProxyOnLoopback, routeOf, routeTableOf } from '#test/http-loopback.ts'
import { dialLoopback, listenOnLoopback, readAll } from '#test/loopback.ts'
import { clusterOf, endpointOf } from '#test/proxy-config.ts'

export const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok'

/** An upstream that answers its requests one after the other by `answers`; the last one is repeated. `undefined` closes the connection. */
export async function upstream(t: TestContext, answers: readonly (string | undefined | ((socket: Socket) => void))[]) {
  const requests: string[] = []
  let connections = 0
  const { port, server } = await listenOnLoopback(t, (socket) => {
    connections++
    let received = ''
    socket.on('data', (chunk: Buffer) => {
      received += chunk.toString('latin1')
      const end = received.indexOf('\r\n\r\n')
      const length = Number(/content-length: (\d+)/i.exec(received)?.[1] ?? 0)
      if (end === -1 || received.length < end + 4 + length) return
      requests.push(received)
      received = ''
      const answer = answers[Math.min(requests.length, answers.length) - 1]
      if (answer === undefined) socket.destroy()
      else if (typeof answer === 'string') socket.write(answer)
      else answer(socket)
    })
    socket.on('end', () => socket.end())
  })
  return { port, server, requests, connections: () => connections }
}

export interface Setting {
  readonly action?: Partial<RouteAction>
  readonly cluster?: Partial<Cluster>
  readonly manager?: Partial<HttpConnectionManagerConfig>
}

export async function proxyTo(
  t: TestContext,
  ports: readonly number[],
  { action = {}, cluster = {}, manager = {} }: Setting = {},
) {
  const endpoints = ports.map((port) => endpointOf('127.0.0.1', port))
  return await httpProxyOnLoopback(t, {
    clusters: [clusterOf('c', { endpoints, ...cluster })],
    routes: routeTableOf({ '*': [routeOf('c', action)] }),
    manager,
  })
}

export async function ask(t: TestContext, port: number, method = 'GET', body = '', lines = ''): Promise<string> {
  const socket = await dialLoopback(t, port)
  const answer = readAll(socket)
  const length = body === '' ? '' : `Content-Length: ${body.length}\r\n`
  socket.write(`${method} / HTTP/1.1\r\nHost: a.example\r\nConnection: close\r\n${lines}${length}\r\n${body}`)
  return (await answer).toString()
}

export function bodyOf(answer: string): string {
  return answer.slice(answer.indexOf('\r\n\r\n') + 4)
}

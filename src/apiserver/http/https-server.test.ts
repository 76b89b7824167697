import assert from 'node:assert/strict'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as connectPlain } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { setTimeout as after } from 'node:timers/promises'
import { connect, type TLSSocket } from 'node:tls'
import { CertificateAuthority } from '#apiserver/auth/certificate-authority.ts'
import { StateFiles } from '#apiserver/auth/state-files.ts'
import { HttpsServer } from './https-server.ts'

async function serverOf(t: TestContext, headersMs: number): Promise<() => Promise<TLSSocket>> {
  const directory = mkdtempSync(join(tmpdir(), 'postern-https-'))
  const authority = await CertificateAuthority.open(new StateFiles(directory))
  const server = new HttpsServer({
    pair: await authority.issueServer(),
    clientAuthority: authority.certificate,
    headersMs,
    onRequest: (request, response) => {
      response.writeHead(200, { 'Content-Type': 'text/plain' })
      response.flushHeaders()
      // As a watch does: the answer is long in coming.
      setTimeout(() => response.end(request.url), 5 * headersMs)
    },
  })
  const port = await server.listen(0)
  t.after(async () => {
    await server.close()
    rmSync(directory, { recursive: true })
  })
  return async () => {
    const socket = connect({ host: '127.0.0.1', port, ca: authority.certificate })
    socket.on('error', () => {})
    await once(socket, 'secureConnect')
    return socket
  }
}

test('a connection that says nothing, or never ends its head, is closed; a request that waits for its answer is not', async (t) => {
  const open = await serverOf(t, 100)
  const silent = await open()
  silent.resume()
  const slow = await open()
  slow.resume()
  slow.write('GET / HTTP/1.1\r\nHost: x\r\n')
  const waiting = await open()
  let answer = ''
  waiting.on('data', (piece: Buffer) => {
    answer += piece.toString()
  })
  waiting.write('GET /late HTTP/1.1\r\nHost: x\r\n\r\n')
  await Promise.all([once(silent, 'close'), once(slow, 'close')])
  for (let wait = 0; wait < 100 && !answer.includes('/late'); wait++) await after(20)
  assert.match(answer, /\/late/)
  waiting.destroy()
})

test('a port that is taken is a fault that says so', async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-https-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const authority = await CertificateAuthority.open(new StateFiles(directory))
  const pair = await authority.issueServer()
  const make = () => new HttpsServer({ pair, clientAuthority: authority.certificate, onRequest: () => {} })
  const first = make()
  const port = await first.listen(0)
  await assert.rejects(make().listen(port), { code: 'apiserver/listen', message: /EADDRINUSE/ })
  await first.close()
})

test('the end does not wait for a connection in the midst of its handshake', { timeout: 8_000 }, async (t) => {
  const directory = mkdtempSync(join(tmpdir(), 'postern-https-'))
  t.after(() => rmSync(directory, { recursive: true }))
  const authority = await CertificateAuthority.open(new StateFiles(directory))
  const pair = await authority.issueServer()
  const server = new HttpsServer({ pair, clientAuthority: authority.certificate, onRequest: () => {} })
  const port = await server.listen(0)
  const early = connectPlain(port, '127.0.0.1')
  early.on('error', () => {})
  await once(early, 'connect')
  // Until the server has accepted it, too: a whole handshake begun later has ended.
  const other = connect({ host: '127.0.0.1', port, ca: authority.certificate })
  other.on('error', () => {})
  await once(other, 'secureConnect')
  await server.close()
  if (!early.closed) await once(early, 'close')
})

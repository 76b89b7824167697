import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CertificateAuthority } from './certificate-authority.ts'
import { Credentials } from './credentials.ts'
import { ServerCertificate } from './server-certificate.ts'
import { StateFiles } from './state-files.ts'

const DAY_MS = 86_400_000

function stateOf(t: TestContext): StateFiles {
  const directory = mkdtempSync(join(tmpdir(), 'postern-auth-'))
  t.after(() => rmSync(directory, { recursive: true }))
  return new StateFiles(join(directory, 'state'))
}

test('the authority outlives the process, and what it issued stays good', async (t) => {
  const files = stateOf(t)
  const first = await CertificateAuthority.open(files)
  const { certificate } = await first.issueClient({ name: 'vera', groups: ['a', 'b'] })
  const second = await CertificateAuthority.open(files)
  assert.equal(second.certificate, first.certificate)
  assert.equal(second.issued(certificate), true)
  assert.match(new X509Certificate(certificate).subject, /O=a\nO=b\nCN=vera/)
})

test('the certificate of the server is for loopback alone, and no certificate can issue others', async (t) => {
  const authority = await CertificateAuthority.open(stateOf(t))
  const { certificate } = await authority.issueServer()
  const read = new X509Certificate(certificate)
  assert.equal(read.subjectAltName, 'DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
  assert.equal(read.ca, false)
  assert.equal(read.checkIssued(new X509Certificate(authority.certificate)), true)
})

test('secrets are readable by their owner alone', async (t) => {
  const files = stateOf(t)
  const authority = await CertificateAuthority.open(files)
  await ServerCertificate.open(files, authority)
  new Credentials(files, authority).issueToken({ name: 'vera', groups: [] })
  assert.equal(statSync(files.directory).mode & 0o777, 0o700)
  const names = readdirSync(files.directory)
  assert.deepEqual(names.sort(), ['ca.crt', 'ca.key', 'issued.json', 'server.crt', 'server.key'])
  for (const name of names) assert.equal(statSync(join(files.directory, name)).mode & 0o777, 0o600, name)
})

test('what was issued outlives the process, and what was revoked stays so; tokens are kept as hashes', async (t) => {
  const files = stateOf(t)
  const authority = await CertificateAuthority.open(files)
  const [vera, bob] = [
    { name: 'vera', groups: ['a'] },
    { name: 'bob', groups: [] },
  ]
  const first = new Credentials(files, authority)
  const [{ token, id }, ofVera, ofBob] = [
    first.issueToken(vera),
    await first.issueCertificate(vera),
    await first.issueCertificate(bob),
  ]
  assert.ok(Buffer.from(token, 'base64url').length === 32)
  assert.ok(!readFileSync(join(files.directory, 'issued.json'), 'utf8').includes(token))
  const again = new Credentials(files, authority)
  assert.deepEqual(again.list(), first.list())
  assert.deepEqual(again.ofToken(token)?.groups, ['a'])
  assert.equal(again.ofToken(''), undefined)
  assert.equal(again.ofCertificate(id), undefined, 'a token is no certificate')
  assert.equal(again.ofCertificate(new X509Certificate(ofVera.pair.certificate).serialNumber)?.name, 'vera')
  assert.deepEqual(
    again.revoke(ofVera.id.toUpperCase()).map((one) => one.id),
    [ofVera.id],
  )
  assert.deepEqual([again.ofCertificate(ofVera.id), again.ofToken(token)?.name], [undefined, 'vera'])
  assert.equal(again.revoke('vera').length, 1)
  const last = new Credentials(files, authority)
  assert.deepEqual(
    last.list().map((one) => one.id),
    [ofBob.id],
  )
  assert.deepEqual([last.ofToken(token), last.ofCertificate(ofBob.id)?.name], [undefined, 'bob'])
})

test('when the list is lost nothing is accepted; a token of the process is in no list', async (t) => {
  const files = stateOf(t)
  const authority = await CertificateAuthority.open(files)
  const before = new Credentials(files, authority)
  const { id } = await before.issueCertificate({ name: 'vera', groups: [] })
  const token = before.issueProcessToken({ name: 'control', groups: ['a'] })
  assert.deepEqual([before.ofToken(token)?.name, before.list().length, before.revoke('control')], ['control', 1, []])
  rmSync(join(files.directory, 'issued.json'))
  const after = new Credentials(files, authority)
  assert.deepEqual([after.ofCertificate(id), after.ofToken(token)], [undefined, undefined])
})

test('what has expired is no longer good, and is forgotten', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: Date.parse('2026-11-25T10:00:00Z') })
  const files = stateOf(t)
  const row = { id: 'a', kind: 'certificate', name: 'vera', groups: [], issuedAt: '2025-11-25T10:00:01Z' }
  files.write('issued.json', JSON.stringify([{ ...row, expiresAt: '2026-11-25T10:00:01Z' }]))
  const credentials = new Credentials(files, {} as CertificateAuthority)
  assert.equal(credentials.ofCertificate('a')?.name, 'vera')
  t.mock.timers.tick(1000)
  assert.deepEqual([credentials.ofCertificate('a'), credentials.list()], [undefined, []])
  credentials.issueToken({ name: 'bob', groups: [] })
  assert.ok(!files.read('issued.json')?.includes('vera'))
})

test('a certificate is issued again before its end, and when it is of another authority', async (t) => {
  const files = stateOf(t)
  const authority = await CertificateAuthority.open(files)
  const kept = await ServerCertificate.open(files, authority)
  const { pair } = kept
  assert.equal((await ServerCertificate.open(files, authority)).pair.certificate, pair.certificate)
  const renewed: string[] = []
  await kept.renewWhenDue(Date.now() + 200 * DAY_MS, ({ certificate }) => renewed.push(certificate))
  assert.equal(renewed.length, 0)
  await kept.renewWhenDue(Date.now() + 300 * DAY_MS, ({ certificate }) => renewed.push(certificate))
  assert.equal(renewed.length, 1)
  assert.notEqual(renewed[0], pair.certificate)
  const other = await CertificateAuthority.open(stateOf(t))
  assert.notEqual((await ServerCertificate.open(files, other)).pair.certificate, renewed[0])
})

test('what is broken is refused with the mend, and nothing of it is told', async (t) => {
  const files = stateOf(t)
  const authority = await CertificateAuthority.open(files)
  writeFileSync(join(files.directory, 'issued.json'), '[{"hash": "secret"}]')
  assert.throws(() => new Credentials(files, authority), {
    code: 'apiserver/credentials-broken',
    message: /^(?!.*secret)/,
  })
  files.writePair('ca', { certificate: 'x', key: 'y' })
  await assert.rejects(CertificateAuthority.open(files), { code: 'apiserver/ca-broken' })
})

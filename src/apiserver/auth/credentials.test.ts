import assert from 'node:assert/strict'
import { X509Certificate } from 'node:crypto'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { CertificateAuthority } from './certificate-authority.ts'
import { ServerCertificate } from './server-certificate.ts'
import { StateFiles } from './state-files.ts'
import { Tokens } from './tokens.ts'

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
  new Tokens(files).issue({ name: 'vera', groups: [] })
  assert.equal(statSync(files.directory).mode & 0o777, 0o700)
  const names = readdirSync(files.directory)
  assert.deepEqual(names.sort(), ['ca.crt', 'ca.key', 'server.crt', 'server.key', 'tokens.json'])
  for (const name of names) assert.equal(statSync(join(files.directory, name)).mode & 0o777, 0o600, name)
})

test('tokens are kept as hashes, outlive the process, and end when they are taken back', (t) => {
  const files = stateOf(t)
  const vera = { name: 'vera', groups: ['a'] }
  const token = new Tokens(files).issue(vera)
  assert.ok(Buffer.from(token, 'base64url').length === 32)
  assert.ok(!readFileSync(join(files.directory, 'tokens.json'), 'utf8').includes(token))
  const again = new Tokens(files)
  assert.deepEqual(again.userOf(token), vera)
  assert.equal(again.userOf(''), undefined)
  again.revoke('vera')
  assert.equal(new Tokens(files).userOf(token), undefined)
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
  writeFileSync(join(files.directory, 'tokens.json'), '[{"hash": "secret"}]')
  assert.throws(() => new Tokens(files), { code: 'apiserver/tokens-broken', message: /^(?!.*secret)/ })
  files.writePair('ca', { certificate: 'x', key: 'y' })
  await assert.rejects(CertificateAuthority.open(files), { code: 'apiserver/ca-broken' })
})

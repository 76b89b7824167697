import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { Fault } from '#base/fault.ts'
import { kubeconfigPaths, loadKubeconfig } from './kubeconfig.ts'

const CLUSTER =
  'clusters:\n- {name: c, cluster: {server: "https://127.0.0.1:6443/base", certificate-authority: ca.pem}}\n'

function folder(t: TestContext, files: Readonly<Record<string, string>>): string {
  const directory = mkdtempSync(join(tmpdir(), 'postern-kubeconfig-'))
  t.after(() => rmSync(directory, { recursive: true }))
  for (const [name, text] of Object.entries(files)) writeFileSync(join(directory, name), text)
  return directory
}

function codeOf(action: () => unknown): string {
  try {
    action()
  } catch (thrown) {
    if (thrown instanceof Fault) return `${thrown.code}: ${thrown.message}`
    throw thrown
  }
  return 'nothing thrown'
}

test('certificates, keys and the namespace come from the current context, relative paths from beside the file', (t) => {
  const at = folder(t, {
    'ca.pem': 'CA',
    'key.pem': 'KEY',
    config: `apiVersion: v1\nkind: Config\ncurrent-context: x\n${CLUSTER}contexts:\n- {name: x, context: {cluster: c, user: u, namespace: ns}}\nusers:\n- {name: u, user: {client-certificate-data: Q0VSVA==, client-key: key.pem}}\n`,
  })
  const access = loadKubeconfig({ paths: [join(at, 'config')] })
  assert.equal(access.server.href, 'https://127.0.0.1:6443/base')
  assert.equal(access.namespace, 'ns')
  const { ca, cert, key, insecureSkipVerify } = access.tls
  assert.deepEqual([ca, cert, key].map(String), ['CA', 'CERT', 'KEY'])
  assert.equal(insecureSkipVerify, false)
  assert.equal(access.bearerToken(), undefined)
})

test('of several files the first one counts for a name and for the current context, and those that are missing are passed over', (t) => {
  const at = folder(t, {
    one: 'current-context: a\ncontexts:\n- {name: a, context: {cluster: c, user: u}}\n',
    two: `current-context: b\nclusters:\n- {name: c, cluster: {server: "http://second"}}\nusers:\n- {name: u, user: {token: first}}\n`,
    three: 'clusters:\n- {name: c, cluster: {server: "http://third"}}\nusers:\n- {name: u, user: {token: second}}\n',
  })
  const paths = kubeconfigPaths(['missing', 'one', 'two', 'three'].map((name) => join(at, name)).join(':'))
  const access = loadKubeconfig({ paths })
  assert.deepEqual([access.server.href, access.bearerToken(), access.namespace], ['http://second/', 'first', 'default'])
  assert.match(
    codeOf(() => loadKubeconfig({ paths: [join(at, 'missing')] })),
    /^kube\/kubeconfig-missing: there is no kubeconfig at/,
  )
})

test('a token file is read for each request', (t) => {
  const at = folder(t, {
    token: 'old\n',
    config: `current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "http://a"}}]\nusers: [{name: u, user: {tokenFile: token}}]\n`,
  })
  const access = loadKubeconfig({ paths: [join(at, 'config')] })
  assert.equal(access.bearerToken(), 'old')
  writeFileSync(join(at, 'token'), 'new')
  assert.equal(access.bearerToken(), 'new')
})

test('credentials that take another program are refused by name, before anything is sent', () => {
  for (const [user, field] of [
    ['{exec: {command: aws}}', 'exec'],
    ['{auth-provider: {name: gcp}}', 'auth-provider'],
    ['{username: admin, password: secret}', 'username'],
  ]) {
    const text = `current-context: x\ncontexts: [{name: x, context: {cluster: c, user: u}}]\nclusters: [{name: c, cluster: {server: "http://a"}}]\nusers: [{name: u, user: ${user}}]\n`
    assert.equal(
      codeOf(() => loadKubeconfig({ text })),
      `kube/credentials-unsupported: user "u" of the kubeconfig uses "${field}", which is not supported`,
    )
  }
})

test('what is missing in a kubeconfig is named', () => {
  assert.match(
    codeOf(() => loadKubeconfig({ text: 'kind: Config\n' })),
    /kubeconfig-invalid: .* it has no current-context/,
  )
  const contexts = 'contexts: [{name: x, context: {cluster: gone}}]\n'
  assert.match(
    codeOf(() => loadKubeconfig({ text: contexts }, 'y')),
    /no context "y"/,
  )
  assert.match(
    codeOf(() => loadKubeconfig({ text: contexts }, 'x')),
    /no cluster "gone"/,
  )
  assert.match(
    codeOf(() => loadKubeconfig({ text: 'kind: Service\n' })),
    /its kind is "Service"/,
  )
  assert.match(
    codeOf(() => loadKubeconfig({ text: 'a: [b\n' })),
    /line \d+: broken YAML/,
  )
})

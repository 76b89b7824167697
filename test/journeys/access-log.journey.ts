import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { configFile, scratch, sealed } from './postern.ts'

const TIME = '\\[\\d{4}-\\d\\d-\\d\\dT\\d\\d:\\d\\d:\\d\\d\\.\\d{3}Z\\]'
const UUID = '[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}'
const ADDRESS = '[0-9.]+:\\d+'

function lines(file: string): string[] {
  return readFileSync(file, 'utf8').trimEnd().split('\n')
}

test("an HTTP request writes one line in Istio's default format", async (context) => {
  const log = join(scratch(context), 'access.log')
  const options = ['-f', 'samples/httpbin.yaml', '--access-log', log]
  const outcome = await sealed(options, "curl -sS -o /dev/null -w '%{size_download}' 'http://httpbin.org/get?x=1'")
  const [line, ...more] = lines(log)
  assert.deepEqual(more, [])
  const expected = [
    `^${TIME} "GET /get\\?x=1 HTTP/1\\.1" 200 - via_upstream - "-"`,
    `0 ${outcome.stdout} \\d+ \\d+ "-" "curl/[0-9.]+" "${UUID}" "httpbin\\.org" "34\\.66\\.10\\.50:80"`,
    `outbound\\|80\\|\\|httpbin\\.org ${ADDRESS} ${ADDRESS} ${ADDRESS} - default$`,
  ]
  assert.match(line ?? '', new RegExp(expected.join(' ')))
})

test('an opaque connection writes one line when it closes', async (context) => {
  const log = join(scratch(context), 'access.log')
  await sealed(
    ['-f', 'samples/wikipedia.yaml', '--access-log', log],
    'curl -sS -o /dev/null https://www.wikipedia.org/',
  )
  const [line, ...more] = lines(log)
  assert.deepEqual(more, [])
  const expected = [
    `^${TIME} "- - -" 0 - - - "-" [1-9]\\d+ [1-9]\\d+ \\d+ - "-" "-" "-" "-" "91\\.198\\.174\\.192:443"`,
    `outbound\\|443\\|\\|wikipedia\\.org ${ADDRESS} 91\\.198\\.174\\.192:443 ${ADDRESS} \\S+ -$`,
  ]
  assert.match(line ?? '', new RegExp(expected.join(' ')))
})

test('a denied connection is logged with flag UH and the black hole', async (context) => {
  const log = join(scratch(context), 'access.log')
  await sealed(['--access-log', log], 'curl -s -m 5 https://drop.example.net/')
  assert.match(lines(log)[0] ?? '', /"- - -" 0 UH - \S+ "-" .* BlackHoleCluster /)
})

test('--log-format json writes one JSON object a line', async (context) => {
  const log = join(scratch(context), 'access.log')
  const options = ['-f', 'samples/httpbin.yaml', '--access-log', log, '--log-format', 'json']
  await sealed(options, 'curl -sS -o /dev/null -d hello http://httpbin.org/status/418')
  const entry = JSON.parse(lines(log)[0] ?? '') as Record<string, unknown>
  assert.equal(entry.method, 'POST')
  assert.equal(entry.path, '/status/418')
  assert.equal(entry.response_code, 418)
  assert.equal(entry.bytes_received, 5)
  assert.equal(entry.authority, 'httpbin.org')
  assert.equal(entry.upstream_cluster, 'outbound|80||httpbin.org')
  assert.equal(entry.upstream_host, '34.66.10.50:80')
})

test('an HTTP host that nothing names gets 502, a readable body and the reason', async () => {
  const outcome = await sealed(['-f', 'samples/httpbin.yaml'], 'curl -sS -i http://drop.example.net/')
  assert.match(outcome.stdout, /^HTTP\/1\.1 502 /)
  assert.match(outcome.stdout, /^x-postern-denied: no_service_entry\r?$/im)
  assert.match(outcome.stdout, /drop\.example\.net/)
})

test('a format that the sidecar cannot write ends the run before the command has begun', async (context) => {
  const mesh = `apiVersion: mesh.istio.io/v1alpha1
kind: MeshConfig
accessLogFile: /dev/stdout
accessLogFormat: "%NONSENSE%"
`
  const { code, stdout, stderr } = await sealed(['-f', configFile(context, mesh)], 'echo begun')
  assert.deepEqual([code, stdout], [125, ''])
  assert.match(stderr, /cannot be served: .*unknown operator "NONSENSE"/)
})

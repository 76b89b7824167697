import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifests } from '#kube/manifest.ts'
import { formatMessage } from '#kube/message.ts'
import { combine } from './configuration.ts'
import { checkManifestFile } from './document.ts'
import { parseDurationMs } from './duration.ts'
import { DEFAULT_MESH_CONFIG } from './mesh-config.ts'

function read(...texts: readonly string[]) {
  const { meshConfig, messages } = combine(
    texts.map((text, index) => checkManifestFile(parseManifests(`${index}.yaml`, text))),
    'error',
  )
  return { meshConfig, lines: messages.map(formatMessage) }
}

function plain(fields: string): string {
  return `apiVersion: mesh.istio.io/v1alpha1\nkind: MeshConfig\n${fields}`
}

const FULL = `outboundTrafficPolicy:
  mode: ALLOW_ANY
accessLogFile: /dev/stdout
accessLogFormat: '{"protocol": "%PROTOCOL%"}'
accessLogEncoding: JSON
connectTimeout: 1.5s
protocolDetectionTimeout: 100ms
dnsRefreshRate: 1m
defaultServiceExportTo: [".", other]
rootNamespace: config
trustDomain: example.org
`

const FULL_DECODED = {
  outboundTrafficPolicy: { mode: 'ALLOW_ANY' },
  accessLogFile: '/dev/stdout',
  accessLogFormat: '{"protocol": "%PROTOCOL%"}',
  accessLogEncoding: 'JSON',
  connectTimeoutMs: 1500,
  protocolDetectionTimeoutMs: 100,
  dnsRefreshRateMs: 60_000,
  defaultServiceExportTo: ['.', 'other'],
  rootNamespace: 'config',
  trustDomain: 'example.org',
}

function configMap(mesh: string): string {
  const indented = mesh.replace(/^(?=.)/gm, '    ')
  return `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio, namespace: istio-system}\ndata:\n  mesh: |\n${indented}`
}

test('without a document everything has its default, and what is not named is denied', () => {
  assert.deepEqual(read(), { meshConfig: DEFAULT_MESH_CONFIG, lines: [] })
  assert.deepEqual(read(plain('metadata: {name: default}\n')), { meshConfig: DEFAULT_MESH_CONFIG, lines: [] })
  assert.equal(read(plain('outboundTrafficPolicy: {}\n')).meshConfig.outboundTrafficPolicy.mode, 'REGISTRY_ONLY')
})

test('a MeshConfig document and the ConfigMap of Istio say the same', () => {
  assert.deepEqual(read(plain(FULL)), { meshConfig: FULL_DECODED, lines: [] })
  assert.deepEqual(read(configMap(FULL)), { meshConfig: FULL_DECODED, lines: [] })
})

test('a format that encoding JSON cannot take is told of, as the default fields are logged then', () => {
  const warning = 'accessLogFormat: not a JSON object, as encoding JSON needs: the default fields are logged'
  for (const format of ['not json %PROTOCOL%', '[1]', '"x"']) {
    const { lines } = read(plain(`accessLogEncoding: JSON\naccessLogFormat: '${format}'\n`))
    assert.deepEqual(lines, [`0.yaml:4:18: warning: ${warning}`])
  }
  assert.deepEqual(read(plain('accessLogFormat: "%PROTOCOL%"\n')).lines, [])
})

test('another ConfigMap is not applied, with a warning', () => {
  const { lines } = read('apiVersion: v1\nkind: ConfigMap\nmetadata: {name: other}\ndata: {mesh: "x: y"}\n')
  assert.deepEqual(lines, ['0.yaml:1:1: warning: ConfigMap is valid, but not applied by postern run yet'])
})

test('a known field that is not applied is a warning, an unknown one an error, each with its place', () => {
  assert.deepEqual(read(plain('enableTracing: true\naccessLogFiel: x\n')).lines, [
    '0.yaml:3:16: warning: enableTracing: field enableTracing of meshConfig is not applied by postern run yet',
    '0.yaml:4:16: error: accessLogFiel: unknown field "accessLogFiel" (did you mean "accessLogFile"?)',
  ])
  assert.deepEqual(read(configMap('enableTracing: true\naccessLogFiel: x\n')).lines, [
    '0.yaml:6:20: warning: data.mesh.enableTracing: field enableTracing of meshConfig is not applied by postern run yet',
    '0.yaml:7:20: error: data.mesh.accessLogFiel: unknown field "accessLogFiel" (did you mean "accessLogFile"?)',
  ])
})

test('broken YAML inside the ConfigMap is an error', () => {
  assert.match(read(configMap('a: [1\nb: 2\n')).lines.join(), /^0\.yaml:[67]:\d+: error: data\.mesh: broken YAML/)
  assert.match(read(configMap('a: 1\n---\nb: 2\n')).lines.join(), /must be one YAML document/)
})

test('two mesh configurations are one too many', () => {
  assert.match(
    read(plain(''), configMap(FULL)).lines.join(),
    /1\.yaml:1:1: error: the mesh configuration is already defined at 0\.yaml:1/,
  )
})

test('fields that have no effect yet are held to the rules of Istio all the same', () => {
  for (const [field, errors] of [
    ['proxyListenPort: 65536', [/proxyListenPort: port number 65536 must be in the range 1..65535/]],
    ['proxyListenPort: 15001', []],
    ['localityLbSetting: {distribute: [{from: us, to: {eu: 60}}]}', [/distribute\[0\]\.to: total locality weight 60/]],
    ['localityLbSetting: {enabled: false}', []],
    [
      'serviceSettings: [{hosts: ["*.a.com", a..b]}]',
      [/serviceSettings\[0\]\.hosts\[1\]: domain name "a\.\.b" invalid/],
    ],
    ['meshMTLS: {ecdhCurves: [P-256]}', [/meshMTLS\.ecdhCurves: mesh TLS does not support ECDH curves configuration/]],
    ['meshMTLS: {minProtocolVersion: TLSV1_3}', []],
  ] as const) {
    const { lines } = read(plain(`${field}\n`))
    const found = lines.filter((line) => line.includes(': error: '))
    assert.equal(found.length, errors.length, field)
    for (const [index, error] of errors.entries()) assert.match(found[index]!, error)
    assert.match(lines.join(), /: warning: \w+: field \w+ of meshConfig is not applied/)
  }
})

test('values are checked', () => {
  const cases: readonly (readonly [string, RegExp])[] = [
    [
      'outboundTrafficPolicy: {mode: DENY}',
      /mode: Unsupported value: "DENY": supported values: "REGISTRY_ONLY", "ALLOW_ANY"/,
    ],
    ['connectTimeout: 0s', /connectTimeout: time 0s must be >1ms and <1h0m0s/],
    ['connectTimeout: 2h', /time 2h must be >1ms and <1h0m0s/],
    ['connectTimeout: 10', /must be a duration such as "10s", not 10/],
    ['connectTimeout: soon', /must be a duration/],
    ['protocolDetectionTimeout: 1.5ms', /only durations to ms precision are supported/],
    ['dnsRefreshRate: 0s', /duration must be greater than 1ms/],
    ['accessLogEncoding: XML', /Unsupported value: "XML"/],
    ['accessLogFile: true', /must be a string/],
    ['defaultServiceExportTo: [a_b]', /only \.,\*, or a valid DNS 1123 label/],
    ['rootNamespace: a.b', /must be the name of a namespace/],
    ['trustDomain: a..b', /domain name "a\.\.b" invalid/],
  ]
  for (const [field, error] of cases) {
    const { lines, meshConfig } = read(plain(`${field}\n`))
    assert.equal(lines.length, 1, field)
    assert.match(lines[0]!, error)
    assert.match(lines[0]!, /: error: /)
    assert.deepEqual(meshConfig, DEFAULT_MESH_CONFIG)
  }
  assert.deepEqual(read(plain('protocolDetectionTimeout: 0s\n')).lines, [])
})

test('a policy that is not applied yet denies, with a warning', () => {
  const { meshConfig, lines } = read(plain('outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}\n'))
  assert.equal(meshConfig.outboundTrafficPolicy.mode, 'REGISTRY_ONLY')
  assert.match(lines.join(), /warning: .*REGISTRY_ONLY stands in for it/)
})

test('durations are read as Go writes them', () => {
  for (const [text, ms] of [
    ['10s', 10_000],
    ['1h30m', 5_400_000],
    ['0', 0],
    ['250us', 0.25],
    ['1.5s', 1500],
  ] as const) {
    assert.equal(parseDurationMs(text), ms, text)
  }
  for (const text of ['', '10', 's', '-1s', '1 s', '1d', '1s!']) assert.equal(parseDurationMs(text), undefined, text)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parse } from 'yaml'
import type { JsonObject, KindDefinition } from '#api/kind.ts'
import { CORE_KINDS } from './core-kinds.ts'

function kindNamed(name: string): KindDefinition {
  const found = CORE_KINDS.find((kind) => kind.kind === name)
  assert.ok(found, name)
  return found
}

/** What `prepare` makes of an object given as YAML, that may replace another one. */
function prepared(kind: string, text: string, before?: JsonObject): JsonObject {
  const object = parse(text) as JsonObject
  return kindNamed(kind).prepare?.(object, before) ?? object
}

test('a deployment rolls its Pods over by quarters unless it says otherwise', () => {
  const strategy = (given: string) => (prepared('Deployment', `{spec: {${given}}}`).spec as JsonObject).strategy
  const quarters = { type: 'RollingUpdate', rollingUpdate: { maxUnavailable: '25%', maxSurge: '25%' } }
  assert.deepEqual(strategy(''), quarters)
  assert.deepEqual(strategy('strategy: {type: Recreate}'), { type: 'Recreate' })
  assert.deepEqual(strategy('strategy: {rollingUpdate: {maxSurge: 1}}'), {
    ...quarters,
    rollingUpdate: { maxUnavailable: '25%', maxSurge: 1 },
  })
})

test('an image is always fetched anew when its tag may be another one tomorrow', () => {
  const policy = (container: string) => {
    const { spec } = prepared('Pod', `{spec: {containers: [{name: c, ${container}}]}}`)
    return (spec as { containers: { imagePullPolicy: string }[] }).containers[0]?.imagePullPolicy
  }
  assert.equal(policy('image: a'), 'Always')
  assert.equal(policy('image: a:latest'), 'Always')
  assert.equal(policy('image: localhost:5000/a'), 'Always')
  assert.equal(policy('image: localhost:5000/a:1'), 'IfNotPresent')
  assert.equal(policy('image: "a@sha256:00"'), 'IfNotPresent')
  assert.equal(policy('image: a, imagePullPolicy: Never'), 'Never')
})

test('requests of a container are its limits unless given, and a service account has both its names', () => {
  const { spec } = prepared(
    'Pod',
    '{spec: {serviceAccount: a, containers: [{name: c, image: i:1, resources: {limits: {cpu: 2, memory: 1Gi}, requests: {cpu: 1}}}]}}',
  )
  assert.deepEqual(spec, {
    serviceAccount: 'a',
    serviceAccountName: 'a',
    enableServiceLinks: true,
    containers: [
      {
        name: 'c',
        image: 'i:1',
        imagePullPolicy: 'IfNotPresent',
        resources: { limits: { cpu: 2, memory: '1Gi' }, requests: { cpu: 1, memory: '1Gi' } },
      },
    ],
  })
})

test('a template is not told what each of its Pods will be', () => {
  const template = '{spec: {containers: [{name: c, image: i:1, resources: {limits: {cpu: 2}}}]}}'
  assert.deepEqual(prepared('ReplicaSet', `{spec: {template: ${template}}}`).spec, {
    template: {
      spec: {
        containers: [{ name: 'c', image: 'i:1', imagePullPolicy: 'IfNotPresent', resources: { limits: { cpu: 2 } } }],
      },
    },
  })
})

test('a service leads to the same port, and its addresses are one list', () => {
  assert.deepEqual(
    prepared('Service', '{spec: {clusterIP: None, ports: [{port: 80}, {port: 81, targetPort: http}]}}'),
    {
      spec: {
        clusterIP: 'None',
        clusterIPs: ['None'],
        internalTrafficPolicy: 'Cluster',
        ports: [
          { port: 80, targetPort: 80 },
          { port: 81, targetPort: 'http' },
        ],
      },
      status: { loadBalancer: {} },
    },
  )
  assert.deepEqual(prepared('Service', '{spec: {type: LoadBalancer, sessionAffinity: ClientIP}}').spec, {
    type: 'LoadBalancer',
    sessionAffinity: 'ClientIP',
    internalTrafficPolicy: 'Cluster',
    externalTrafficPolicy: 'Cluster',
    allocateLoadBalancerNodePorts: true,
    sessionAffinityConfig: { clientIP: { timeoutSeconds: 10800 } },
  })
})

test('a service keeps the address that it was allotted', () => {
  const before = prepared('Service', '{spec: {clusterIP: 10.0.0.1, ports: [{port: 80}]}}')
  const update = (text: string) => (prepared('Service', text, before).spec as JsonObject).clusterIPs
  assert.deepEqual(update('{spec: {ports: [{port: 81}]}}'), ['10.0.0.1'])
  assert.deepEqual(update('{spec: {clusterIP: 10.0.0.2}}'), ['10.0.0.2'])
  assert.equal(update('{spec: {type: ExternalName, externalName: a.com}}'), undefined)
})

test('texts of a secret become data, before bytes of the same key, and are not kept', () => {
  assert.deepEqual(prepared('Secret', '{data: {a: AA==, b: AQ==}, stringData: {a: grüße}}'), {
    data: { a: 'Z3LDvMOfZQ==', b: 'AQ==' },
  })
  assert.deepEqual(prepared('Secret', '{stringData: {a: 7}}'), { stringData: { a: 7 } })
})

test('a namespace carries its name as a label, and its finalizer does not come back while it goes', () => {
  assert.deepEqual(prepared('Namespace', '{metadata: {name: a, labels: {b: c, kubernetes.io/metadata.name: z}}}'), {
    metadata: { name: 'a', labels: { b: 'c', 'kubernetes.io/metadata.name': 'a' } },
    spec: { finalizers: ['kubernetes'] },
    status: { phase: 'Active' },
  })
  const going = prepared('Namespace', '{metadata: {name: a, deletionTimestamp: "2026-01-01T00:00:00Z"}, spec: {}}')
  assert.deepEqual(going.spec, {})
})

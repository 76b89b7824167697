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

/** The cells of an object by the names of their columns. */
function cells(kind: string, text: string): Readonly<Record<string, unknown>> {
  const object = parse(text) as JsonObject
  const computed = kindNamed(kind).columns.filter((column) => typeof column.value === 'function')
  return Object.fromEntries(
    computed.map(({ name, value }) => [name, typeof value === 'function' ? value(object) : undefined]),
  )
}

test('a Pod tells what it does, or what keeps it from it', () => {
  const status = (given: string) => cells('Pod', `{spec: {containers: [{name: a}, {name: b}]}, ${given}}`)
  const running = '{name: a, ready: true, restartCount: 2, state: {running: {}}}'
  assert.deepEqual(
    status(`status: {phase: Running, podIP: 10.0.0.1, containerStatuses: [${running}, {name: b, restartCount: 1}]}`),
    {
      Ready: '1/2',
      Status: 'Running',
      Restarts: 3,
      IP: '10.0.0.1',
      Node: '<none>',
      'Nominated Node': '<none>',
      'Readiness Gates': '<none>',
    },
  )
  const text = (given: string) => status(given).Status
  const waits = '{name: b, state: {waiting: {reason: CrashLoopBackOff}}}'
  const ended = (how: string) => `{name: b, state: {terminated: {${how}}}}`
  assert.equal(text('status: {}'), 'Pending')
  assert.equal(text(`status: {phase: Running, containerStatuses: [${running}, ${waits}]}`), 'CrashLoopBackOff')
  assert.equal(
    text(`status: {phase: Running, containerStatuses: [${running}, ${ended('reason: Completed')}]}`),
    'Running',
  )
  assert.equal(text(`status: {phase: Failed, containerStatuses: [${ended('exitCode: 3')}]}`), 'ExitCode:3')
  assert.equal(text(`status: {phase: Failed, containerStatuses: [${ended('signal: 9, exitCode: 137')}]}`), 'Signal:9')
  assert.equal(text('status: {phase: Failed, reason: Evicted}'), 'Evicted')
  assert.equal(text('metadata: {deletionTimestamp: "2026-01-01T00:00:00Z"}, status: {phase: Running}'), 'Terminating')
  const init = (given: string) =>
    cells('Pod', `{spec: {initContainers: [{name: i}, {name: j}], containers: [{name: a}]}, status: {${given}}}`).Status
  const done = '{name: i, state: {terminated: {exitCode: 0}}}'
  assert.equal(init(`phase: Pending, initContainerStatuses: [${done}, {name: j, state: {running: {}}}]`), 'Init:1/2')
  assert.equal(
    init('phase: Pending, initContainerStatuses: [{name: i, state: {terminated: {exitCode: 1, reason: Error}}}]'),
    'Init:Error',
  )
})

test('services tell their addresses and ports as kubectl prints them', () => {
  assert.deepEqual(
    cells(
      'Service',
      '{spec: {type: NodePort, clusterIP: 10.0.0.1, selector: {b: d, a: c}, ports: [{port: 80, nodePort: 30080, protocol: TCP}, {port: 53, protocol: UDP}]}}',
    ),
    {
      Type: 'NodePort',
      'Cluster-IP': '10.0.0.1',
      'External-IP': '<none>',
      'Port(s)': '80:30080/TCP,53/UDP',
      Selector: 'a=c,b=d',
    },
  )
  const external = (spec: string) => cells('Service', `{spec: {${spec}}}`)['External-IP']
  assert.equal(external('type: LoadBalancer'), '<pending>')
  assert.equal(external('type: ExternalName, externalName: a.com'), 'a.com')
  assert.equal(external('externalIPs: [1.2.3.4]'), '1.2.3.4')
})

test('the other kinds tell what kubectl prints of them', () => {
  const pods =
    'selector: {matchLabels: {app: a}, matchExpressions: [{key: b, operator: In, values: [c]}, {key: d, operator: Exists}]}, template: {spec: {containers: [{name: c, image: i}, {name: d, image: j}]}}'
  const workload = { Containers: 'c,d', Images: 'i,j', Selector: 'app=a,b in (c),d' }
  assert.deepEqual(
    cells('Deployment', `{spec: {replicas: 2, ${pods}}, status: {readyReplicas: 1, updatedReplicas: 2}}`),
    { Ready: '1/2', 'Up-to-date': 2, Available: 0, ...workload },
  )
  assert.deepEqual(cells('ReplicaSet', `{spec: {replicas: 2, ${pods}}, status: {replicas: 1}}`), {
    Desired: 2,
    Current: 1,
    Ready: 0,
    ...workload,
  })
  assert.deepEqual(cells('Secret', '{data: {a: "", b: ""}}'), { Type: 'Opaque', Data: 2 })
  assert.deepEqual(cells('ConfigMap', '{data: {a: ""}, binaryData: {b: ""}}'), { Data: 2 })
  assert.deepEqual(cells('Namespace', '{status: {phase: Active}}'), { Status: 'Active' })
  assert.deepEqual(cells('ServiceAccount', '{secrets: [{name: a}]}'), { Secrets: 1 })
  assert.deepEqual(
    cells('Endpoints', '{subsets: [{addresses: [{ip: 1.1.1.1}, {ip: "::1"}], ports: [{port: 1}, {port: 2}]}]}'),
    {
      Endpoints: '1.1.1.1:1,[::1]:1,1.1.1.1:2 + 1 more...',
    },
  )
  assert.deepEqual(cells('EndpointSlice', '{addressType: IPv4, endpoints: [{addresses: [1.1.1.1]}], ports: []}'), {
    AddressType: 'IPv4',
    Ports: '<unset>',
    Endpoints: '1.1.1.1',
  })
  const node =
    '{metadata: {labels: {node-role.kubernetes.io/worker: ""}}, spec: {unschedulable: true}, status: {conditions: [{type: Ready, status: "True"}], addresses: [{type: InternalIP, address: 10.0.0.9}], nodeInfo: {kubeletVersion: v1.2.3}}}'
  assert.deepEqual(cells('Node', node), {
    Status: 'Ready,SchedulingDisabled',
    Roles: 'worker',
    Version: 'v1.2.3',
    'Internal-IP': '10.0.0.9',
    'External-IP': '<none>',
    'OS-Image': '<unknown>',
    'Kernel-Version': '<unknown>',
    'Container-Runtime': '<unknown>',
  })
  const event =
    '{metadata: {name: e}, involvedObject: {kind: ServiceEntry, name: x}, type: Normal, reason: Enforced, message: "done\\n", firstTimestamp: "2026-01-01T00:00:00Z", lastTimestamp: "2026-01-02T00:00:00Z", count: 4, source: {component: control, host: h}}'
  assert.deepEqual(cells('Event', event), {
    'Last Seen': '2026-01-02T00:00:00Z',
    Type: 'Normal',
    Reason: 'Enforced',
    Object: 'serviceentry/x',
    Subobject: '',
    Source: 'control, h',
    Message: 'done',
    'First Seen': '2026-01-01T00:00:00Z',
    Count: 4,
    Name: 'e',
  })
})

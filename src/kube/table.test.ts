import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { humanDuration } from './human-duration.ts'
import { compileJsonPath } from './json-path.ts'
import { age, renderTable, type TableColumn } from './table.ts'

const OBJECT = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'ServiceEntry',
  metadata: {
    name: 'wikipedia-ext',
    creationTimestamp: '2026-01-01T00:00:00Z',
    labels: { 'example.com/team': 'books' },
  },
  spec: { hosts: ['wikipedia.org'], ports: [{ port: 80 }, { port: 443 }], weight: 1.5, enabled: false },
  status: {
    conditions: [
      { type: 'Accepted', status: 'True', rank: 1 },
      { type: 'Enforced', status: 'False', rank: 2 },
    ],
  },
}

function find(path: string): unknown[] {
  return compileJsonPath(path)(OBJECT)
}

test('a JSONPath finds fields, elements, all of them, and those that meet a condition', () => {
  assert.deepEqual(find('.spec.hosts'), [['wikipedia.org']])
  assert.deepEqual(find('{.spec.hosts[0]}'), ['wikipedia.org'])
  assert.deepEqual(find('$.spec.ports[-1].port'), [443])
  assert.deepEqual(find('.spec.ports[*].port'), [80, 443])
  assert.deepEqual(find('.status.conditions[?(@.type=="Enforced")].status'), ['False'])
  assert.deepEqual(find(".status.conditions[?(@.type != 'Enforced')].status"), ['True'])
  assert.deepEqual(find('.status.conditions[?(@.rank>1)].type'), ['Enforced'])
  assert.deepEqual(find('.status.conditions[?(@.nosuch)].type'), [])
  assert.deepEqual(find('.metadata.labels.example\\.com/team'), ['books'])
  assert.deepEqual(find(".metadata.labels['example.com/team']"), ['books'])
  assert.deepEqual(find('.'), [OBJECT])
})

test('what is missing on the way is found nowhere, and inherited properties are not fields', () => {
  for (const path of ['.nosuch.spec', '.spec.hosts[7]', '.spec.hosts.name', '.spec.constructor', '.metadata.name[*]']) {
    assert.deepEqual(find(path), [], path)
  }
})

test('a text that is no JSONPath is refused when it is compiled', () => {
  for (const path of ['spec', '.spec[', '.spec[x]', '.a[?(type=="x")]', '.a[?(@.b==x)]']) {
    assert.throws(() => compileJsonPath(path), /JSONPath/, path)
  }
})

function column(
  name: string,
  type: TableColumn['type'],
  value: TableColumn['value'],
  priority: 0 | 1 = 0,
): TableColumn {
  return { name, type, value, priority, description: `The ${name}.` }
}

const COLUMNS = [
  column('Hosts', 'string', '.spec.hosts'),
  column('Location', 'string', '.spec.location'),
  column('Port', 'integer', '.spec.ports[*].port', 1),
  column('Weight', 'number', '.spec.weight'),
  column('Enabled', 'boolean', '.spec.enabled'),
  column('Kind', 'string', ({ kind }) => String(kind).toLowerCase()),
  column('Age', 'date', '.metadata.creationTimestamp'),
]

const NOW = new Date('2026-01-03T04:00:00Z')

test('cells are what Kubernetes makes of custom resources: lists as JSON, ages, null for what is absent', () => {
  const table = renderTable({
    columns: COLUMNS,
    objects: [OBJECT],
    includeObject: 'None',
    now: NOW,
    resourceVersion: '7',
  })
  assert.deepEqual(table.rows, [
    { cells: ['wikipedia-ext', '["wikipedia.org"]', null, 80, 1.5, false, 'serviceentry', '2d4h'], object: null },
  ])
  assert.deepEqual(table.metadata, { resourceVersion: '7' })
  assert.deepEqual(
    table.columnDefinitions.map(({ name, type, format, priority }) => [name, type, format, priority]),
    [
      ['Name', 'string', 'name', 0],
      ['Hosts', 'string', '', 0],
      ['Location', 'string', '', 0],
      ['Port', 'integer', '', 1],
      ['Weight', 'number', '', 0],
      ['Enabled', 'boolean', '', 0],
      ['Kind', 'string', '', 0],
      ['Age', 'date', '', 0],
    ],
  )
})

test('a kind with a Name column of its own has the name there only', () => {
  const name = { name: 'Name', type: 'string', description: '', priority: 1, value: '.metadata.name' } as const
  const { columnDefinitions, rows } = renderTable({
    columns: [name],
    objects: [OBJECT],
    includeObject: 'None',
    now: NOW,
  })
  assert.deepEqual(
    columnDefinitions.map(({ name, priority }) => [name, priority]),
    [['Name', 1]],
  )
  assert.deepEqual(rows[0]?.cells, ['wikipedia-ext'])
})

test('rows carry the metadata of their objects, all of them, or nothing', () => {
  const input = { columns: [], objects: [OBJECT], now: NOW, hasColumns: false }
  const metadata = renderTable({ ...input, includeObject: 'Metadata' })
  assert.deepEqual(metadata.rows[0]?.object, {
    kind: 'PartialObjectMetadata',
    apiVersion: 'meta.k8s.io/v1',
    metadata: OBJECT.metadata,
  })
  assert.deepEqual(metadata.columnDefinitions, [])
  assert.equal(renderTable({ ...input, includeObject: 'Object' }).rows[0]?.object, OBJECT)
})

test('ages have one or two units, fewer the longer ago', () => {
  const texts: [number, string][] = [
    [-1.9, '0s'],
    [-2, '<invalid>'],
    [5.9, '5s'],
    [119, '119s'],
    [120, '2m'],
    [200, '3m20s'],
    [600, '10m'],
    [3 * 3600 - 1, '179m'],
    [3 * 3600, '3h'],
    [4 * 3600 + 300, '4h5m'],
    [8 * 3600 + 300, '8h'],
    [47 * 3600, '47h'],
    [52 * 3600, '2d4h'],
    [8 * 86_400, '8d'],
    [729 * 86_400, '729d'],
    [(730 + 35) * 86_400, '2y35d'],
    [3000 * 86_400, '8y'],
  ]
  for (const [seconds, text] of texts) assert.equal(humanDuration(seconds * 1000), text)
  assert.equal(age(undefined, NOW), '<unknown>')
  assert.equal(age('yesterday', NOW), '<invalid>')
})

test('an age never tells more time than has passed', () => {
  const UNITS: Record<string, number> = { s: 1, m: 60, h: 3600, d: 86_400, y: 365 * 86_400 }
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 * 365 * 86_400 }), (seconds) => {
      let told = 0
      for (const [, count, unit] of humanDuration(seconds * 1000).matchAll(/(\d+)([smhdy])/g)) {
        told += Number(count) * (UNITS[unit as string] ?? Number.NaN)
      }
      assert.ok(told <= seconds && told > seconds * 0.85 - 1, `${seconds} is told as ${told}`)
    }),
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import type { FieldPath } from './field-path.ts'
import { readYaml, YAML_LIMITS, type YamlDocument } from './yaml-document.ts'

function documentsOf(text: string): readonly YamlDocument[] {
  const read = readYaml(text)
  assert.equal(read.kind, 'documents')
  return read.kind === 'documents' ? read.documents : []
}

function dataOf(text: string): unknown {
  const [document, ...others] = documentsOf(text)
  assert.deepEqual(document?.faults, [])
  assert.deepEqual(others, [])
  return document?.value
}

function faultsOf(text: string): readonly string[] {
  const read = readYaml(text)
  const faults = read.kind === 'refused' ? [read.fault] : read.documents.flatMap((document) => document.faults)
  return faults.map((fault) => `${fault.line}:${fault.column} ${fault.text}`)
}

test('plain scalars are what kubectl takes them for', () => {
  for (const text of ['yes', 'Yes', 'on', 'ON', 'y', 'true', 'True']) assert.equal(dataOf(text), true, text)
  for (const text of ['no', 'NO', 'off', 'Off', 'n', 'false']) assert.equal(dataOf(text), false, text)
  for (const text of ['~', 'null', 'Null']) assert.deepEqual(dataOf(`a: ${text}`), { a: null })
  const numbers: readonly (readonly [string, number])[] = [
    ['443', 443],
    ['+443', 443],
    ['-1', -1],
    ['0777', 511],
    ['0o17', 15],
    ['0x1F', 31],
    ['-0x1F', -31],
    ['0b101', 5],
    ['08', 8],
    ['1_000', 1000],
    ['1e3', 1000],
    ['1.', 1],
    ['80.0', 80],
    ['.5', 0.5],
    ['-.5', -0.5],
    ['.5e1', 5],
    ['!!int "7"', 7],
  ]
  for (const [text, number] of numbers) assert.equal(dataOf(`[${text}]`)?.toString(), String(number), text)
  for (const text of [
    '.',
    '-.',
    '+.',
    '..',
    '._5',
    '.e1',
    '0x',
    '0b2',
    '1e',
    '=',
    '1e400',
    '-a',
    '+a',
    '1.2.3',
    '!!str 7',
  ]) {
    assert.deepEqual(dataOf(`- ${text}`), [text.replace('!!str ', '')], text)
  }
  for (const text of ['.inf', '-.Inf', '.NaN']) assert.match(faultsOf(`a: ${text}`).join(), /are not JSON/, text)
  for (const text of [
    '1:30',
    '2001-01-01',
    '2001-01-01T00:00:00Z',
    '1.2.3.4',
    '10.0.0.0/8',
    '<<',
    '"on"',
    "'no'",
    '443s',
  ]) {
    assert.equal(dataOf(text), text.replace(/["']/g, ''), text)
  }
})

test('a key that reads as a boolean or number is the string of it, and __proto__ is a key like any other', () => {
  assert.deepEqual(dataOf('1: a\ntrue: b'), { 1: 'a', true: 'b' })
  const value = dataOf('__proto__: {a: 1}') as object
  assert.deepEqual(Object.getOwnPropertyNames(value), ['__proto__'])
  assert.equal(Object.getPrototypeOf(value), Object.prototype)
})

test('JSON is YAML', () => {
  const value = { a: [1, 'x', null, { b: true }], 'c/d': 'é' }
  assert.deepEqual(dataOf(JSON.stringify(value, null, 2)), value)
})

test('anchors, aliases and merge keys are expanded, own keys first', () => {
  assert.deepEqual(dataOf('a: &x {p: 1, q: 2}\nb: {<<: *x, q: 3}\nc: *x'), {
    a: { p: 1, q: 2 },
    b: { q: 3, p: 1 },
    c: { p: 1, q: 2 },
  })
  assert.deepEqual(faultsOf('a: *nobody'), ['1:4 alias *nobody has no anchor before it'])
  assert.deepEqual(faultsOf('a: {<<: 7}'), ['1:4 only maps can be merged with <<'])
})

test('every field has its line and column', () => {
  const text = 'kind: X\nspec:\n  hosts:\n  - a\n  - b\n  ports: [{number: 80,\n    target_port: 1}]\n'
  const [document] = documentsOf(text)
  const places: [FieldPath, string][] = [
    [[], '1:1'],
    [['spec'], '2:1'],
    [['spec', 'hosts'], '3:3'],
    [['spec', 'hosts', 1], '5:5'],
    [['spec', 'ports', 0, 'number'], '6:20'],
    [['spec', 'ports', 0, 'targetPort'], '7:18'],
    [['spec', 'ports', 0, 'name'], '6:11'],
    [['spec', 'nothing', 'here'], '2:1'],
  ]
  for (const [path, place] of places) {
    const { line, column } = document!.locate(path)
    assert.equal(`${line}:${column}`, place, path.join('.'))
  }
})

test('a field behind an alias has the place of the anchor', () => {
  const [document] = documentsOf('a: &x\n  p: 1\nb: *x\n')
  assert.deepEqual(document!.locate(['b', 'p']), { line: 2, column: 6 })
})

test('Windows line ends and a byte order mark change no place', () => {
  const [document] = documentsOf('\uFEFFa: 1\r\nb:\r\n  c: 2\r\n')
  assert.deepEqual(document!.value, { a: 1, b: { c: 2 } })
  assert.deepEqual(document!.locate(['b', 'c']), { line: 3, column: 6 })
})

test('a key that is set twice is an error at the second', () => {
  assert.deepEqual(faultsOf('a: 1\nb:\n  c: 1\n  d: 2\n  c: 3\n'), ['5:3 key "c" is already set'])
})

test('broken YAML is an error with its place, and the other documents are still read', () => {
  const documents = documentsOf('a: 1\n---\nb: [1,\nc: 2\n---\nd: 4\n')
  assert.deepEqual(documents[0]?.value, { a: 1 })
  assert.equal(documents[1]?.value, undefined)
  assert.equal(documents[1]?.faults.length, 1)
  assert.match(documents[1]!.faults[0]!.text, /^broken YAML: /)
  assert.ok(documents[1]!.faults[0]!.line >= 3)
  assert.deepEqual(documents.at(-1)?.value, { d: 4 })
})

test('each document knows its own text', () => {
  const text = '# one\na: 1\n---\n# two\nb: 2\n'
  const sources = documentsOf(text).map((document) => document.source)
  assert.match(sources[0]!, /# one\na: 1/)
  assert.match(sources[1]!, /# two\nb: 2/)
  assert.doesNotMatch(sources[1]!, /a: 1/)
  assert.equal(sources.join(''), text)
})

test('alias bombs are refused', () => {
  const levels = Array.from({ length: 20 }, (_, i) => `l${i + 1}: &l${i + 1} [${Array(10).fill(`*l${i}`).join(', ')}]`)
  const faults = faultsOf(['l0: &l0 [x, x, x, x, x, x, x, x, x, x]', ...levels].join('\n'))
  assert.equal(faults.length, 1)
  assert.match(faults[0]!, /aliases expand without end/)
  assert.match(faultsOf('a: &a [*a]').join(), /nested deeper than/)
})

test('texts that nest deeper or are larger than the limits are refused', () => {
  const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
  assert.deepEqual(faultsOf(nested(YAML_LIMITS.depth)), [])
  for (const text of [
    nested(YAML_LIMITS.depth + 1),
    '['.repeat(100_000),
    '- '.repeat(2000),
    '{a: '.repeat(2000),
    '? '.repeat(2000),
  ]) {
    assert.match(faultsOf(text).join(), /nested deeper than 100 levels/)
  }
  assert.deepEqual(faultsOf(' '.repeat(YAML_LIMITS.bytes + 1)), ['1:1 the file is larger than 10000000 bytes'])
  assert.match(faultsOf('---\n'.repeat(YAML_LIMITS.documents + 5)).join(), /more than 10000 documents/)
})

test('a map of many keys is read in linear time', () => {
  const text = Array.from({ length: 60_000 }, (_, index) => `k${index}: v`).join('\n')
  assert.equal(Object.keys(dataOf(text) as object).length, 60_000)
})

test('no text makes the reader throw, and every fault has a place in the text', () => {
  const fragment = fc.oneof(
    fc.constantFrom(
      'a',
      ':',
      ' ',
      '\n',
      '- ',
      '[',
      ']',
      '{',
      '}',
      '&x ',
      '*x',
      '"',
      "'",
      '|',
      '>',
      '#',
      '---\n',
      '...\n',
      '!',
      '!!',
      '?',
      '%YAML 1.2\n',
      '<<',
      '\t',
      '~',
      '\u0000',
      '\r\n',
      ',',
    ),
    fc.string({ unit: 'binary', maxLength: 5 }),
  )
  fc.assert(
    fc.property(fc.array(fragment, { maxLength: 60 }), (fragments) => {
      const text = fragments.join('')
      const read = readYaml(text)
      const lines = text.split(/\n/).length
      const documents = read.kind === 'documents' ? read.documents : []
      for (const fault of read.kind === 'refused' ? [read.fault] : documents.flatMap((document) => document.faults)) {
        assert.ok(fault.line >= 1 && fault.line <= lines && fault.column >= 1 && fault.text !== '')
      }
      for (const document of documents) {
        assert.ok(document.locate(['spec', 'a', 0]).line >= 1)
        if (document.value !== undefined) assert.doesNotThrow(() => JSON.stringify(document.value))
      }
    }),
    { numRuns: 1500 },
  )
})

test('whatever JSON data is written as JSON is read as the same data', () => {
  fc.assert(
    fc.property(fc.jsonValue({ maxDepth: 5 }), (value) => {
      const text = JSON.stringify(value)
      assert.equal(JSON.stringify(dataOf(text)), text)
    }),
    { numRuns: 300 },
  )
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifests } from './manifest.ts'
import { formatMessage } from './message.ts'

function linesOf(text: string): readonly string[] {
  return parseManifests('f.yaml', text).messages.map(formatMessage)
}

test('a text of several documents gives its objects with their places', () => {
  const { manifests, messages } = parseManifests(
    'f.yaml',
    '---\napiVersion: v1\nkind: A\n---\n\n---\napiVersion: g/v2\nkind: B\nspec: {x: 1}\n',
  )
  assert.deepEqual(messages, [])
  assert.deepEqual(
    manifests.map(({ apiVersion, kind, locate }) => [apiVersion, kind, locate([]).line]),
    [
      ['v1', 'A', 2],
      ['g/v2', 'B', 7],
    ],
  )
  assert.deepEqual(manifests[1]?.locate(['spec', 'x']), { line: 9, column: 11 })
})

test('a List is taken apart, and its items keep their places', () => {
  const text =
    'apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: A\n- apiVersion: v1\n  kind: B\n  spec: {x: 1}\n'
  const { manifests } = parseManifests('f.yaml', text)
  assert.deepEqual(
    manifests.map(({ kind, locate }) => `${kind} ${locate([]).line}`),
    ['A 4', 'B 6'],
  )
  assert.deepEqual(manifests[1]?.locate(['spec', 'x']), { line: 8, column: 13 })
  assert.equal(manifests[0]?.document, manifests[1]?.document)
})

test('what is no object is told apart from what lacks apiVersion or kind', () => {
  assert.deepEqual(linesOf('- 1\n'), [
    'f.yaml:1:1: error: a Kubernetes object must be a map with apiVersion and kind, not a list',
  ])
  assert.deepEqual(linesOf('kind: A\n'), [
    'f.yaml:1:1: error: apiVersion: Required value: the object has no apiVersion',
  ])
  assert.deepEqual(linesOf('apiVersion: v1\nkind: 7\n'), ['f.yaml:2:7: error: kind: must be a string, not 7'])
  assert.deepEqual(linesOf('apiVersion: v1\nkind: List\nitems: [7]\n'), [
    'f.yaml:3:9: error: items[0]: a Kubernetes object must be a map with apiVersion and kind, not 7',
  ])
})

test('a file without objects is a warning', () => {
  assert.deepEqual(linesOf('# nothing\n'), ['f.yaml:1:1: warning: the file holds no objects'])
  assert.deepEqual(linesOf(''), ['f.yaml:1:1: warning: the file holds no objects'])
})

test('a file of a thousand faults tells two hundred and how many more', () => {
  const lines = linesOf('- 1\n---\n'.repeat(1000))
  assert.equal(lines.length, 201)
  assert.match(lines.at(-1)!, /and 800 more errors$/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { formatContinue, parseContinue } from './continue-token.ts'
import { parseListOptions } from './list-options.ts'
import { matchesLabels } from './selector.ts'
import { StatusError } from './status.ts'
import { defaultFieldManager, parseDeleteOptions, parseWriteOptions, type WriteVerb } from './write-options.ts'

function list(query: string) {
  return parseListOptions(new URLSearchParams(query))
}

function write(query: string, verb: WriteVerb = 'create') {
  return parseWriteOptions(new URLSearchParams(query), verb)
}

function refusal(attempt: () => unknown): string {
  try {
    attempt()
  } catch (thrown) {
    assert.ok(thrown instanceof StatusError)
    return `${thrown.status.code} ${thrown.message}`
  }
  return 'accepted'
}

test('an empty query lists everything', () => {
  assert.deepEqual(list(''), {
    labelSelector: [],
    fieldSelector: [],
    watch: false,
    limit: undefined,
    continue: undefined,
    resourceVersion: undefined,
    resourceVersionMatch: undefined,
    allowWatchBookmarks: false,
    sendInitialEvents: undefined,
    timeoutMs: undefined,
  })
})

test('the query of a watch is read as kubectl and informers send it', () => {
  const options = list(
    'allowWatchBookmarks=true&labelSelector=team%3Dbooks&resourceVersion=42&timeoutSeconds=300&watch=1&limit=500',
  )
  assert.ok(options.watch && options.allowWatchBookmarks)
  assert.equal(options.resourceVersion, 42)
  assert.equal(options.timeoutMs, 300_000)
  assert.equal(options.limit, 500)
  assert.ok(matchesLabels(options.labelSelector, { team: 'books' }))
  assert.equal(list('watch=false').watch, false)
  assert.equal(list('watch=0').watch, false)
  const streamed = list('watch=true&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=')
  assert.deepEqual([streamed.sendInitialEvents, streamed.resourceVersionMatch], [true, 'NotOlderThan'])
})

test('options that cannot be read or do not go together are refused in the words of Kubernetes', () => {
  const refused = (query: string) => refusal(() => list(query)).replace('ListOptions.meta.k8s.io "" is invalid: ', '')
  assert.equal(refused('limit=many'), '400 strconv.ParseInt: parsing "many": invalid syntax')
  assert.equal(
    refused('resourceVersion=x'),
    '422 resourceVersion: Invalid value: "x": strconv.ParseUint: parsing "x": invalid syntax',
  )
  assert.equal(
    refused('resourceVersionMatch=Exact'),
    '422 resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden unless resourceVersion is provided',
  )
  assert.equal(
    refused('resourceVersionMatch=Exact&resourceVersion=0'),
    '422 resourceVersionMatch: Forbidden: resourceVersionMatch "exact" is forbidden for resourceVersion "0"',
  )
  assert.equal(
    refused('watch=1&resourceVersionMatch=Exact&resourceVersion=1'),
    '422 resourceVersionMatch: Forbidden: resourceVersionMatch is forbidden for watch',
  )
  assert.equal(
    refused('sendInitialEvents=true'),
    '422 sendInitialEvents: Forbidden: sendInitialEvents is forbidden for list',
  )
  assert.match(refused('fieldSelector=spec.x%3D1'), /^400 field label not supported: spec.x/)
  const token = formatContinue({ revision: 3, namespace: 'shop', name: 'a' })
  assert.equal(
    refused(`continue=${token}&resourceVersion=3`),
    '400 specifying resource version is not allowed when using continue',
  )
})

test('a continue token comes back as it was issued, and no other text is one', () => {
  const name = fc.stringMatching(/^[a-z0-9.-]{1,20}$/)
  fc.assert(
    fc.property(fc.integer({ min: 1 }), fc.oneof(fc.constant(''), name), name, (revision, namespace, objectName) => {
      const token = { revision, namespace, name: objectName }
      assert.deepEqual(parseContinue(formatContinue(token)), token)
      assert.deepEqual(list(`continue=${formatContinue(token)}`).continue, token)
    }),
  )
  const forged = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url')
  const good = { v: 'meta.k8s.io/v1', rv: 1, start: 'a/b' }
  assert.equal(
    refusal(() => parseContinue(forged(good))),
    'accepted',
  )
  for (const text of [
    'x',
    '%',
    forged(null),
    forged({ ...good, v: 'v0' }),
    forged({ ...good, rv: -1 }),
    forged({ ...good, start: 'b' }),
  ]) {
    assert.match(
      refusal(() => parseContinue(text)),
      /^400 continue key is not valid/,
      text,
    )
  }
})

test('the options of a write are read, and an apply needs its manager', () => {
  assert.deepEqual(write('fieldManager=kubectl-create&fieldValidation=Strict&dryRun=All'), {
    dryRun: true,
    fieldManager: 'kubectl-create',
    fieldValidation: 'Strict',
    force: false,
  })
  assert.deepEqual(write(''), { dryRun: false, fieldManager: undefined, fieldValidation: 'Warn', force: false })
  assert.equal(write('fieldManager=a&force=true', 'apply').force, true)
  assert.equal(
    refusal(() => write('force=true', 'apply')),
    '422 PatchOptions.meta.k8s.io "" is invalid: fieldManager: Required value: is required for apply patch',
  )
  assert.equal(
    refusal(() => write('dryRun=Some')),
    '422 CreateOptions.meta.k8s.io "" is invalid: dryRun: Unsupported value: "Some": supported values: "All"',
  )
  assert.match(
    refusal(() => write('force=true', 'patch')),
    /force: Forbidden: may not be specified for non-apply patch$/,
  )
  assert.match(
    refusal(() => write('fieldValidation=Lax', 'update')),
    /^422 UpdateOptions.*supported values: "", "Ignore", "Strict", "Warn"$/,
  )
  assert.match(
    refusal(() => write(`fieldManager=${'x'.repeat(129)}`)),
    /may not be more than 128 bytes$/,
  )
  assert.match(
    refusal(() => write('fieldManager=a%0Ab')),
    /fieldManager: Invalid value: "a\\nb": invalid character U\+000A \(at position 1\)$/,
  )
})

test('a writer without a name is called by its user agent', () => {
  assert.equal(defaultFieldManager('kubectl/v1.37.1 (linux/amd64)'), 'kubectl')
  assert.equal(defaultFieldManager(undefined), 'unknown')
})

test('the options of a deletion come from its body, or else from the query', () => {
  const none = { uid: undefined, resourceVersion: undefined }
  const query = new URLSearchParams('propagationPolicy=Orphan&gracePeriodSeconds=0')
  assert.deepEqual(parseDeleteOptions(query, undefined), {
    dryRun: false,
    propagationPolicy: 'Orphan',
    gracePeriodSeconds: 0,
    preconditions: none,
  })
  const body = { propagationPolicy: 'Background', dryRun: ['All'], preconditions: { uid: 'u', resourceVersion: '3' } }
  assert.deepEqual(parseDeleteOptions(query, body), {
    dryRun: true,
    propagationPolicy: 'Background',
    gracePeriodSeconds: undefined,
    preconditions: { uid: 'u', resourceVersion: '3' },
  })
  assert.equal(parseDeleteOptions(query, { orphanDependents: true }).propagationPolicy, 'Orphan')
  assert.equal(
    refusal(() => parseDeleteOptions(query, { propagationPolicy: 'Sideways' })),
    '422 DeleteOptions.meta.k8s.io "" is invalid: propagationPolicy: Unsupported value: "Sideways": supported values: "Foreground", "Background", "Orphan", "nil"',
  )
  assert.match(
    refusal(() => parseDeleteOptions(query, [])),
    /^400 /,
  )
})

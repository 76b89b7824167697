import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { matchesFields, matchesLabels, parseFieldSelector, parseLabelSelector } from './selector.ts'
import { StatusError } from './status.ts'

function selects(selector: string, labels: Record<string, string>): boolean {
  return matchesLabels(parseLabelSelector(selector), labels)
}

function refusal(attempt: () => unknown): string {
  try {
    attempt()
  } catch (thrown) {
    assert.ok(thrown instanceof StatusError)
    assert.equal(thrown.status.reason, 'BadRequest')
    return thrown.message
  }
  return 'accepted'
}

test('labels are selected by equality', () => {
  assert.ok(selects('team=books', { team: 'books' }))
  assert.ok(selects('team == books', { team: 'books' }))
  assert.ok(!selects('team=books', { team: 'wiki' }))
  assert.ok(!selects('team=books', {}))
  assert.ok(selects('team!=books', { team: 'wiki' }))
  assert.ok(selects('team!=books', {}), 'a label that is absent is not equal')
  assert.ok(selects('team=,tier=web', { team: '', tier: 'web' }))
})

test('labels are selected by sets, existence and size', () => {
  assert.ok(selects('tier in (web, db)', { tier: 'db' }))
  assert.ok(!selects('tier in (web, db)', {}))
  assert.ok(selects('tier notin (web,db)', {}))
  assert.ok(!selects('tier notin (web,db)', { tier: 'web' }))
  assert.ok(selects('tier in ()', { tier: '' }))
  assert.ok(selects('tier in (,web)', { tier: '' }))
  assert.ok(selects('in in (in)', { in: 'in' }), 'the words are names where a name is expected')
  assert.ok(selects('example.com/team,!gone', { 'example.com/team': 'x' }))
  assert.ok(!selects('!team', { team: '' }))
  assert.ok(selects('size>3,size<5', { size: '4' }))
  assert.ok(!selects('size>3', { size: 'large' }))
  assert.ok(selects('', { any: 'thing' }))
})

test('a label is never an inherited property', () => {
  assert.ok(!selects('constructor', {}))
  assert.ok(selects('!toString', {}))
})

test('a selector that cannot be read is refused in the words of Kubernetes', () => {
  const refused = (text: string) => refusal(() => parseLabelSelector(text))
  assert.equal(refused('a=b=c'), "found '=', expected: ',' or 'end of string'")
  assert.equal(refused('a=b,,c'), "found ',', expected: identifier after ','")
  assert.equal(refused('a,'), "found '', expected: identifier after ','")
  assert.equal(refused('=a'), "found '=', expected: !, identifier, or 'end of string'")
  assert.equal(refused('!'), "unable to parse requirement: found '', expected: identifier")
  assert.equal(refused('a b'), "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt")
  assert.equal(refused('a in b'), "unable to parse requirement: found 'b' expected: '('")
  assert.equal(refused('a in (b'), "unable to parse requirement: found '', expected: ',' or ')'")
  assert.equal(
    refused('a=-b'),
    `unable to parse requirement: values[0][a]: Invalid value: "-b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
  )
  assert.match(
    refused('a/b/c=d'),
    /^unable to parse requirement: <nil>: Invalid value: "a\/b\/c": a qualified name must/,
  )
  assert.match(refused('/b'), /prefix part must be non-empty$/)
  assert.match(refused(`a=${'x'.repeat(64)}`), /must be no more than 63 characters$/)
  assert.match(refused('size>large'), /for 'Gt', 'Lt' operators, the value must be an integer$/)
})

test('any text is a selector or a bad request', () => {
  fc.assert(
    fc.property(fc.string(), (text) => {
      assert.notEqual(
        refusal(() => parseLabelSelector(text)),
        '',
      )
      assert.notEqual(
        refusal(() => parseFieldSelector(text)),
        '',
      )
    }),
  )
})

const value = fc.stringMatching(/^[a-z0-9]{0,3}$/)

test('in and notin, = and != are each the opposite of the other', () => {
  fc.assert(
    fc.property(fc.array(value, { minLength: 1 }), fc.option(value), (values, label) => {
      const labels: Record<string, string> = label === null ? {} : { a: label }
      const list = values.join(',')
      assert.notEqual(selects(`a in (${list})`, labels), selects(`a notin (${list})`, labels))
      assert.notEqual(selects(`a=${values[0]}`, labels), selects(`a!=${values[0]}`, labels))
      assert.equal(
        selects(`a in (${list})`, labels),
        values.some((one) => selects(`a=${one}`, labels)),
      )
    }),
  )
})

test('fields are selected by name, namespace and what the caller allows', () => {
  const event = { metadata: { name: 'a', namespace: 'shop' }, involvedObject: { name: 'x=1', generation: 2 } }
  const allowed = [
    'metadata.name',
    'metadata.namespace',
    'involvedObject.name',
    'involvedObject.generation',
    'involvedObject.uid',
  ]
  const matches = (text: string) => matchesFields(parseFieldSelector(text, allowed), event)
  assert.ok(matches(''))
  assert.ok(matches('metadata.name=a,metadata.namespace==shop'))
  assert.ok(!matches('metadata.name!=a'))
  assert.ok(matches('involvedObject.name=x\\=1'))
  assert.ok(matches('involvedObject.generation=2'))
  assert.ok(matches('involvedObject.uid='), 'a field that is absent is empty')
})

test('a field that cannot be selected by is refused', () => {
  const refused = (text: string) => refusal(() => parseFieldSelector(text))
  assert.equal(refused('spec.hosts=a'), 'field label not supported: spec.hosts')
  assert.equal(refused('metadata.name'), "invalid selector: 'metadata.name'; can't understand 'metadata.name'")
  assert.equal(refused('metadata.name=a=b'), 'invalid field selector: unescaped character in value: =')
  assert.equal(refused('metadata.name=a\\b'), 'invalid field selector: invalid escape sequence: \\b')
})

test('an escaped value comes back as it was', () => {
  fc.assert(
    fc.property(fc.string(), (name) => {
      const escaped = name.replace(/[\\,=]/g, '\\$&')
      assert.ok(matchesFields(parseFieldSelector(`metadata.name=${escaped}`), { metadata: { name } }))
    }),
  )
})

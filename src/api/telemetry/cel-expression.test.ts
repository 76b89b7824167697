import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { faultOfCelExpression } from './cel-expression.ts'

const VALID: readonly string[] = [
  'response.code >= 400',
  "response.code >= 400 && (connection.mtls == false || request.url_path.contains('v1beta3'))",
  'has(request.headers["x-a"]) ? size(request.headers) > 1 : !(-1 in [1, 2u, 0x1F, .5, 1e3,])',
  '!has(a.b) && .c.d == r"\\d" // a remark',
  'Type{field: 1, other: {"k": [true, null]},}.field < 1.5e-3',
  "'''several\nlines''' + b'bytes' == \"\"\"x\"\"\"",
  'xds.cluster_name.startsWith("outbound|")',
]

for (const text of VALID) test(`can be read: ${text}`, () => assert.equal(faultOfCelExpression(text), undefined))

const FAULTY: readonly (readonly [text: string, fault: string])[] = [
  ['', 'unexpected end'],
  ['response.code >=', 'unexpected end'],
  ['response.code = 400', 'unexpected "=" at 15'],
  ['response.code 400', 'unexpected "400" at 15'],
  ['(a', 'unexpected end, ")" is expected'],
  ['a)', 'unexpected ")" at 2'],
  ['a ? b', 'unexpected end, ":" is expected'],
  ['a[1', '"]" is expected'],
  ['a.1', 'unexpected ".1" at 2'],
  ['a && && b', 'unexpected "&&" at 6'],
  ['f(a b)', 'unexpected "b" at 5, ")" is expected'],
  ['{1: 2, 3}', '":" is expected'],
  ["'open", 'unexpected "\'" at 1'],
  ['a in', 'unexpected end'],
  ['in in a', 'unexpected "in" at 1'],
  ['a ! b', 'unexpected "!" at 3'],
  ['#', 'unexpected "#" at 1'],
  ['('.repeat(200), 'nested deeper than 100 levels'],
]

for (const [text, fault] of FAULTY) {
  test(`cannot be read: ${text.slice(0, 40)}`, () => {
    const actual = faultOfCelExpression(text)
    assert.ok(actual?.startsWith('invalid CEL expression: ') && actual.includes(fault), actual)
  })
}

test('no text throws, and what can be read can be read as a part of more', () => {
  const piece = fc.constantFrom(
    'a',
    '1',
    '"s"',
    '(',
    ')',
    '[',
    ']',
    '{',
    '}',
    '.',
    ',',
    ':',
    '?',
    '!',
    '-',
    '&&',
    'in',
    ' ',
  )
  const text = fc.oneof(
    fc.string(),
    fc.array(piece, { maxLength: 12 }).map((pieces) => pieces.join('')),
  )
  fc.assert(
    fc.property(text, (part) => {
      if (faultOfCelExpression(part) === undefined)
        assert.equal(faultOfCelExpression(`[!(${part}\n)] == f(b)`), undefined)
    }),
    { numRuns: 1000 },
  )
})

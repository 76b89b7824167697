import assert from 'node:assert/strict'
import { test } from 'node:test'
import { suppresses } from '#cli/suppression.ts'
import { type AnalysisFinding, analysisLine, reaches, renderAnalysis } from './analysis.ts'

const FINDING: AnalysisFinding = {
  code: 'IST0101',
  level: 'Error',
  kind: 'VirtualService',
  namespace: 'default',
  name: 'x',
  origin: 'VirtualService default/x',
  message: 'Referenced host not found: "y"',
  file: 'vs.yaml',
  line: 12,
  others: [],
}

test('a finding is a line as istioctl writes it, with the place in the file when it has one', () => {
  assert.equal(
    analysisLine(FINDING),
    'Error [IST0101] (VirtualService default/x vs.yaml:12) Referenced host not found: "y"',
  )
  assert.equal(
    analysisLine({ ...FINDING, file: undefined, line: undefined }),
    'Error [IST0101] (VirtualService default/x) Referenced host not found: "y"',
  )
})

test('JSON and YAML say the same', () => {
  const { code, level, origin, message } = FINDING
  assert.deepEqual(JSON.parse(renderAnalysis([FINDING], 'json')), {
    messages: [{ code, level, origin, message, reference: 'vs.yaml:12' }],
  })
  assert.equal(
    renderAnalysis([{ ...FINDING, file: undefined }], 'yaml'),
    'messages:\n  - code: IST0101\n    level: Error\n    origin: VirtualService default/x\n    message: \'Referenced host not found: "y"\'\n',
  )
  assert.equal(renderAnalysis([], 'json'), '{\n  "messages": []\n}\n')
})

test('a threshold takes its level and what is graver', () => {
  assert.deepEqual(
    (['Error', 'Warning', 'Info'] as const).map((level) => reaches({ level }, 'Warning')),
    [true, true, false],
  )
})

test('what is suppressed is named by code and object, with * for any letters', () => {
  for (const pattern of [
    'IST0101',
    'IST0101=VirtualService x.default',
    'IST0101=VirtualService default/x',
    'IST0101=VirtualService *',
    'IST01*=* *.default',
  ])
    assert.ok(suppresses(pattern, FINDING), pattern)
  for (const pattern of [
    'IST0102',
    'IST0101=VirtualService x',
    'IST0101=VirtualService y.default',
    'IST0101=Gateway *',
    '',
  ])
    assert.ok(!suppresses(pattern, FINDING), pattern)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Report } from '#api/schema/report.ts'
import { checkRegex } from './regex.ts'

function faultOfRegex(text: string, where: string, report = new Report()): string | undefined {
  checkRegex(text, where, ['spec'], report)
  return report.findings.at(-1)?.text
}

test('expressions are those of RE2', () => {
  for (const text of ['.*', '(?i)a', '(?P<n>a)', '\\d+\\z', '[[:alpha:]]', 'a{1000}']) {
    assert.equal(faultOfRegex(text, 'uri'), undefined, text)
  }
  for (const text of ['(?=a)', '(a)\\1', '[', '*', 'a**', 'a{1001}', '(?<!a)b']) {
    assert.match(faultOfRegex(text, 'uri') ?? '', /^"uri": .*Istio uses RE2 style regex-based match/, text)
  }
})

test('expressions are neither empty nor longer than 1024', () => {
  assert.match(faultOfRegex('', 'uri') ?? '', /should not be empty/)
  assert.equal(faultOfRegex('a'.repeat(1024), 'uri'), undefined)
  assert.match(faultOfRegex('a'.repeat(1025), 'uri') ?? '', /max length allowed is 1024/)
})

test('all expressions of an object together are bounded, repetitions written out', () => {
  const report = new Report()
  const text = '[^a]{1000}'.repeat(100)
  for (let one = 0; one < 10; one++) assert.equal(faultOfRegex(text, 'uri', report), undefined)
  assert.equal(
    faultOfRegex('ab', 'authority', report),
    '"authority": regex is too large: with it, those of this object come to 1000002 characters, repetitions written out; max allowed is 1000000',
  )
  assert.equal(faultOfRegex(text, 'uri'), undefined, 'another object has a bound of its own')
})

test('what an object has over the bound is not even parsed', () => {
  const report = new Report()
  const broken = `${'(?i)\\pL'.repeat(140)}(`
  for (let one = 0; one < 1000; one++) checkRegex(broken, 'uri', ['spec', one], report)
  const texts = report.findings.map(({ text }) => text)
  assert.equal(texts.filter((one) => one.includes('Istio uses RE2 style')).length, 35)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { RE2JS } from 're2js'
import { regexSize } from './regex-size.ts'

test('an expression is as large as its characters, with repetitions written out', () => {
  for (const [text, size] of [
    ['', 0],
    ['abc', 3],
    ['a{1000}', 1000],
    ['[^a-z\\]{9}]{1000}b', 1001],
    ['[]]{7}', 7],
    ['[[:alpha:]{]{7}', 7],
    ['(ab){3,}', 6],
    ['((ab){10}c){0,10}', 210],
    ['\\x{10FFFF}{5}', 5],
    ['\\.{5}', 5],
    ['\\Qa{9}\\E{2}', 8],
    ['a{,5}', 4],
    ['a{x', 2],
    ['\\pL\\P{Greek}', 400],
    ['[\\pL_]{3}', 603],
    ['((a', 1],
    ['a)){3}', 3],
  ] as const)
    assert.equal(regexSize(text), size, text)
})

test('it grows with the program that is made of it', () => {
  for (const text of ['abc', '[a-z]{100}', '(ab?c){50}', '.{20}(x|yz){30}', '((a{5}b){5}c){5}', '\\d{1,90}\\.\\w+']) {
    const program = RE2JS.compile(text).programSize()
    const size = regexSize(text)
    assert.ok(size <= 3 * program && program <= 3 * size + 10, `${text}: ${size}, a program of ${program}`)
  }
})

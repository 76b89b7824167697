import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { fixtureConfig } from '#test/service-fixture.ts'
import { NameBook } from './name-book.ts'

const UNLIMITED = { ratePerSecond: 1e9, burst: 1e9 }

describe('NameBook', () => {
  it('gives a name one address per family for good, and finds the name again', () => {
    const book = new NameBook({ maxNames: 100, newNames: UNLIMITED }, () => 0)
    const first = book.synthetic('a.example')
    const second = book.synthetic('b.example')
    assert.deepEqual(first, { ipv4: '240.241.0.1', ipv6: '2001:2:0:ffff::1' })
    assert.notDeepEqual(first, second)
    assert.deepEqual(book.synthetic('a.example'), first)
    assert.equal(book.hostOf('240.241.0.2'), 'b.example')
    assert.equal(book.hostOf('2001:2:0:ffff:0:0:0:2'), 'b.example')
    assert.equal(book.hostOf('::ffff:240.241.0.1'), 'a.example')
    assert.equal(book.hostOf('240.241.9.9'), undefined)
  })

  it('forgets the name longest unused first, but what was dialled last', () => {
    const book = new NameBook({ maxNames: 3, newNames: UNLIMITED }, () => 0)
    const dialled = book.synthetic('dialled.example')?.ipv4 ?? ''
    assert.equal(book.hostOf(dialled), 'dialled.example')
    for (let at = 0; at < 200_000; at += 1) book.synthetic(`random-${at}.example`)
    assert.equal(book.hostOf(dialled), 'dialled.example')
    assert.deepEqual(book.synthetic('dialled.example')?.ipv4, dialled)
  })

  it('makes up only so many names at a time', () => {
    let nowMs = 0
    const book = new NameBook({ maxNames: 100, newNames: { ratePerSecond: 2, burst: 3 } }, () => nowMs)
    const made = () => ['a', 'b', 'c', 'd'].map((label) => book.synthetic(`${label}${nowMs}.example`) !== undefined)
    assert.deepEqual(made(), [true, true, true, false])
    assert.notEqual(book.synthetic('a0.example'), undefined)
    nowMs = 1000
    assert.deepEqual(made(), [true, true, false, false])
  })

  it('never makes up an address that the configuration uses', () => {
    const book = new NameBook({ maxNames: 100, newNames: UNLIMITED }, () => 0)
    book.applyConfig(fixtureConfig({ names: { 'x.example': ['240.241.0.1', '2001:2:0:FFFF::2'] } }))
    assert.equal(book.synthetic('a.example')?.ipv4, '240.241.0.3')
  })

  it('knows a configured address in reverse, and as an answer once it was one', () => {
    const book = new NameBook({ maxNames: 100, newNames: UNLIMITED }, () => 0)
    book.applyConfig(fixtureConfig({ names: { 'x.example': ['192.0.2.1', '2001:2:0:FFFF::2'] } }))
    assert.equal(book.nameOf('192.0.2.1'), 'x.example')
    assert.equal(book.nameOf('2001:2:0:ffff::2'), 'x.example')
    assert.equal(book.hostOf('192.0.2.1'), undefined)
    book.remember('192.0.2.1', 'x.example')
    assert.equal(book.hostOf('192.0.2.1'), 'x.example')
  })

  it('remembers true answers, as many as it may', () => {
    const book = new NameBook({ maxNames: 3, newNames: UNLIMITED }, () => 0)
    book.remember('192.0.2.1', 'one.example')
    book.remember('192.0.2.2', 'two.example')
    book.remember('192.0.2.1', 'again.example')
    book.remember('192.0.2.3', 'three.example')
    assert.deepEqual(
      ['192.0.2.1', '192.0.2.2', '192.0.2.3'].map((ip) => book.hostOf(ip)),
      ['again.example', undefined, 'three.example'],
    )
  })

  it('knows every name that an address was an answer for, and what covers it', () => {
    const book = new NameBook({ maxNames: 100, newNames: UNLIMITED }, () => 0)
    book.remember('192.0.2.1', 'a.shared.example')
    book.remember('192.0.2.1', 'b.shared.example')
    book.remember('2001:db8:0::1', 'six.example')
    const cases: readonly (readonly [string, string, boolean])[] = [
      ['192.0.2.1', 'a.shared.example', true],
      ['192.0.2.1', 'b.shared.example', true],
      ['::ffff:192.0.2.1', 'b.shared.example', true],
      ['192.0.2.1', '*.shared.example', true],
      ['192.0.2.1', '*.example', true],
      ['192.0.2.1', '*', true],
      ['192.0.2.1', 'shared.example', false],
      ['192.0.2.1', '*.other.example', false],
      ['192.0.2.1', '*.a.shared.example', false],
      ['192.0.2.2', 'a.shared.example', false],
      ['2001:db8::1', 'six.example', true],
    ]
    for (const [ip, host, expected] of cases) assert.equal(book.wasAnsweredFor(ip, host), expected, `${ip} ${host}`)
  })

  it('keeps the newest names of an address that has thousands', () => {
    const book = new NameBook({ maxNames: 1000, newNames: UNLIMITED }, () => 0)
    book.remember('192.0.2.9', 'other.example')
    for (let at = 0; at < 5000; at += 1) book.remember('192.0.2.1', `n${at}.example`)
    assert.equal(book.wasAnsweredFor('192.0.2.1', 'n4999.example'), true)
    assert.equal(book.wasAnsweredFor('192.0.2.1', 'n0.example'), false)
    assert.equal(book.wasAnsweredFor('192.0.2.9', 'other.example'), true)
  })
})

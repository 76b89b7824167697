import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { hostOfAuthority, recognise } from './recognise.ts'

const HEAD = Buffer.from('GET / HTTP/1.1\r\nHost: Example.com:80\r\n\r\n')

describe('recognise', () => {
  it('finds the host of a request: in its Host header, its absolute target, its CONNECT target', () => {
    const hostOf = (head: string) => {
      const spoken = recognise(Buffer.from(head), false)
      return spoken.kind === 'http1' ? spoken.host : spoken.kind
    }
    assert.equal(hostOf(HEAD.toString()), 'example.com')
    assert.equal(hostOf('GET http://a.example:8080/x HTTP/1.1\r\nhost: b.example\r\n\r\n'), 'a.example')
    assert.equal(hostOf('CONNECT c.example:443 HTTP/1.1\r\n\r\n'), 'c.example')
    assert.equal(hostOf('GET / HTTP/1.0\n\n'), undefined)
  })

  it('takes only host names for host names', () => {
    assert.equal(hostOfAuthority('user@A.b.:80'), 'a.b')
    for (const authority of ['', '10.0.0.1:80', '[::1]:80', 'a b', 'a\r\nb', '..', 'ä.de']) {
      assert.equal(hostOfAuthority(authority), undefined, authority)
    }
  })

  it('waits for the rest of what it began to understand, byte by byte', () => {
    for (let length = 1; length < HEAD.length; length += 1) {
      assert.equal(recognise(HEAD.subarray(0, length), false).kind, 'undecided', `${length} bytes`)
    }
    assert.equal(recognise(HEAD, false).kind, 'http1')
  })

  it('never throws, is never undecided at the end, and never changes its mind about a longer beginning', () => {
    const prefix = fc.constantFrom(
      '',
      '16030100',
      '1603010200010001fc0303',
      '50524920',
      '474554202f',
      '0000000800030000',
      '2a31',
      '3a000000',
    )
    fc.assert(
      fc.property(prefix, fc.uint8Array({ maxLength: 200 }), (start, rest) => {
        const bytes = Buffer.concat([Buffer.from(start, 'hex'), rest])
        assert.notEqual(recognise(bytes, true).kind, 'undecided')
        const early = recognise(bytes.subarray(0, bytes.length >> 1), false)
        if (early.kind === 'undecided' || early.kind === 'http2') return
        assert.equal(recognise(bytes, false).kind, early.kind)
      }),
      { numRuns: 2000 },
    )
  })
})

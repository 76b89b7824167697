import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { SocketAddress } from '#base/socket-address.ts'
import type { AccessLogConfig } from '#proxy/config/model.ts'
import { type LoggedHeaders, StreamInfo } from '#proxy/connection/stream-info.ts'
import { compileFormat, ENVOY_DEFAULT_TEXT } from './formatter.ts'

/** Spec 5.1, the text of Istio >= 1.9. */
const ISTIO_TEXT =
  '[%START_TIME%] "%REQ(:METHOD)% %REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %PROTOCOL%" %RESPONSE_CODE% %RESPONSE_FLAGS% ' +
  '%RESPONSE_CODE_DETAILS% %CONNECTION_TERMINATION_DETAILS% "%UPSTREAM_TRANSPORT_FAILURE_REASON%" %BYTES_RECEIVED% %BYTES_SENT% ' +
  '%DURATION% %RESP(X-ENVOY-UPSTREAM-SERVICE-TIME)% "%REQ(X-FORWARDED-FOR)%" "%REQ(USER-AGENT)%" "%REQ(X-REQUEST-ID)%" ' +
  '"%REQ(:AUTHORITY)%" "%UPSTREAM_HOST%" %UPSTREAM_CLUSTER_RAW% %UPSTREAM_LOCAL_ADDRESS% %DOWNSTREAM_LOCAL_ADDRESS% ' +
  '%DOWNSTREAM_REMOTE_ADDRESS% %REQUESTED_SERVER_NAME% %ROUTE_NAME%\n'

const CONTEXT = { hostname: 'laptop', environment: { REGION: 'eu' } }

function httpRequest(): StreamInfo {
  const info = new StreamInfo(Date.UTC(2026, 10, 21, 2, 8, 2, 7), 1000)
  info.endMs = 1012.9
  info.method = 'GET'
  info.path = '/status/418?x=1'
  info.protocol = 'HTTP/1.1'
  info.authority = 'httpbin.org'
  info.responseCode = 418
  info.responseCodeDetails = 'via_upstream'
  info.bytesSent = 135
  info.upstreamServiceTimeMs = 11.4
  info.upstreamCluster = 'outbound|80||httpbin.org'
  info.upstreamHost = new SocketAddress('192.0.2.7', 80)
  info.upstreamLocal = new SocketAddress('10.0.0.1', 40000)
  info.downstreamLocal = new SocketAddress('240.240.0.1', 80)
  info.downstreamRemote = new SocketAddress('::1', 50000)
  info.routeName = 'default'
  const headers: Record<string, string> = { 'user-agent': 'curl/8.0', 'x-request-id': 'id-1' }
  info.headers = requestHeaders((name) => headers[name])
  return info
}

function requestHeaders(header: LoggedHeaders['header']): LoggedHeaders {
  return { header, responseHeader: () => undefined }
}

function deniedConnection(): StreamInfo {
  const info = new StreamInfo(Date.UTC(2026, 10, 21, 2, 8, 2, 123), 1000)
  info.endMs = 1000
  info.responseFlags = ['UH']
  info.upstreamCluster = 'BlackHoleCluster'
  info.downstreamLocal = new SocketAddress('198.51.100.1', 443)
  info.downstreamRemote = new SocketAddress('10.0.0.9', 1234)
  return info
}

function compiled(format: AccessLogConfig['format']): (info: StreamInfo) => string {
  const result = compileFormat(format, CONTEXT)
  assert.ok('format' in result, JSON.stringify(result))
  return (info) => result.format(info).bytes.toString()
}

function text(template: string, info: StreamInfo): string {
  return compiled({ kind: 'text', template })(info)
}

function faultsOf(template: string): readonly string[] {
  const result = compileFormat({ kind: 'text', template }, CONTEXT)
  assert.ok('faults' in result)
  return result.faults
}

describe('text format', () => {
  // What Envoy 1.40 writes for the same request.
  it('takes paths and their queries apart', () => {
    const request = httpRequest()
    request.path = '/x?a=1+2&a=9&b=&c&d=%zz%41%C3%BC&e=1=2'
    const written = [
      ['PATH', request.path],
      ['PATH(WQ:PATH)', request.path],
      ['PATH(NQ)', '/x'],
      ['PATH(NQ:ORIG)', '-'],
      ['QUERY_PARAMS', request.path.slice(3)],
      ['QUERY_PARAM(a)', '1+2'],
      ['QUERY_PARAM(b)', ''],
      ['QUERY_PARAM(c)', ''],
      ['QUERY_PARAM(d)', '%zzAü'],
      ['QUERY_PARAM(e)', '1=2'],
      ['QUERY_PARAM(A)', '-'],
    ]
    for (const [operator, expected] of written) assert.equal(text(`%${operator}%`, request), `${expected}\n`, operator)
  })

  it('takes the long names of header operators', () => {
    const long = '%REQUEST_HEADER(USER-AGENT)% %RESPONSE_HEADER(:STATUS)%'
    assert.equal(text(long, httpRequest()), text('%REQ(USER-AGENT)% %RESP(:STATUS)%', httpRequest()))
  })

  it("writes a request in Istio's default format", () => {
    assert.equal(
      text(ISTIO_TEXT, httpRequest()),
      '[2026-11-21T02:08:02.007Z] "GET /status/418?x=1 HTTP/1.1" 418 - via_upstream - "-" 0 135 12 11 "-" "curl/8.0" "id-1" ' +
        '"httpbin.org" "192.0.2.7:80" outbound|80||httpbin.org 10.0.0.1:40000 240.240.0.1:80 [::1]:50000 - default\n',
    )
  })

  it('writes a connection into the black hole as Istio does', () => {
    assert.equal(
      text(ISTIO_TEXT, deniedConnection()),
      '[2026-11-21T02:08:02.123Z] "- - -" 0 UH - - "-" 0 0 0 - "-" "-" "-" "-" "-" BlackHoleCluster - 198.51.100.1:443 10.0.0.9:1234 - -\n',
    )
  })

  it("writes Envoy's own default format", () => {
    assert.equal(
      text(ENVOY_DEFAULT_TEXT, httpRequest()),
      '[2026-11-21T02:08:02.007Z] "GET /status/418?x=1 HTTP/1.1" 418 - 0 135 12 11 "-" "curl/8.0" "id-1" "httpbin.org" "192.0.2.7:80"\n',
    )
  })

  it('writes a line as if it were the first', () => {
    const format = {
      kind: 'text',
      template: '%PROTOCOL%é "%REQ(X)%" %BYTES_SENT% %ROUTE_NAME%|%REQUESTED_SERVER_NAME%',
    } as const
    const value = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 8 }),
      fc.constantFrom('', 'a', 'b', 'é', '\u{1f600}', 'x'.repeat(128), 'x'.repeat(129), 'é'.repeat(2000)),
    )
    const values = fc.record({ protocol: value, x: value, sent: fc.nat(), route: value, sni: value })
    fc.assert(
      fc.property(fc.array(values, { minLength: 2, maxLength: 12 }), (requests) => {
        const together = compiled(format)
        for (const { protocol, x, sent, route, sni } of requests) {
          const info = httpRequest()
          info.protocol = protocol
          info.headers = requestHeaders(() => x)
          info.bytesSent = sent
          info.routeName = route
          info.requestedServerName = sni
          assert.equal(together(info), compiled(format)(info))
        }
      }),
    )
  })

  it('writes header values that are UTF-8 as the text that they are, and others as Latin-1, as Envoy does', () => {
    const bytes = Buffer.from('café 你好').toString('latin1')
    for (const [value, shown] of [
      [bytes, 'café 你好'],
      ['\xe9\xff', 'éÿ'],
      [bytes.slice(0, -1), bytes.slice(0, -1).replace(/[\x80-\x9f]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`)],
      [Buffer.from('\x85').toString('latin1'), '\\x85'],
      ['plain', 'plain'],
    ] as const) {
      const info = httpRequest()
      info.headers = { header: () => value, responseHeader: () => value }
      assert.equal(text('%REQ(X)%|%RESP(X)%', info), `${shown}|${shown}\n`)
    }
    const info = httpRequest()
    info.headers = requestHeaders(() => bytes)
    assert.equal(text('%REQ(X):4%', info), 'café\n')
    const json = compiled({ kind: 'json', fields: { lone: '%REQ(X)%', mixed: '<%REQ(X)%>' } })(info)
    assert.deepEqual(JSON.parse(json), { lone: 'café 你好', mixed: '<café 你好>' })
  })

  it('prefers the first header of X?Y and shortens to a length', () => {
    const info = httpRequest()
    info.headers = requestHeaders((name) => (name === 'x-envoy-original-path' ? '/original' : undefined))
    assert.equal(
      text('%REQ(X-ENVOY-ORIGINAL-PATH?:PATH)% %REQ(:PATH):4% %RESP(:STATUS)%', info),
      '/original /sta 418\n',
    )
  })

  it('writes addresses without their ports, several flags, flags in words, and a percent sign', () => {
    const info = httpRequest()
    info.responseFlags = ['UF', 'URX']
    assert.equal(
      text('%DOWNSTREAM_REMOTE_ADDRESS_WITHOUT_PORT% %RESPONSE_FLAGS% %RESPONSE_FLAGS_LONG% 100%%', info),
      '::1 UF,URX UpstreamConnectionFailure,UpstreamRetryLimitExceeded 100%\n',
    )
  })

  it('writes times in the format asked for', () => {
    assert.equal(
      text('%START_TIME(%Y/%m/%dT%H:%M:%S.%3f %b %e %j %s %6f %9s)%', httpRequest()),
      '2026/11/21T02:08:02.007 Nov 21 325 1795226882 007000 1795226882.007000000\n',
    )
  })

  it('knows the host name, the environment, and that metadata is never there', () => {
    assert.equal(
      text('%HOSTNAME% %ENVIRONMENT(REGION)% %METADATA(ROUTE:a:b)% %DYNAMIC_METADATA(x)% %TRAILER(A)%', httpRequest()),
      'laptop eu - - -\n',
    )
  })
})

describe('faults of a template', () => {
  it('names operators that do not exist, all of them', () => {
    assert.deepEqual(faultsOf('%NOPE% %DURATION% %ALSO_NOT(x)%'), [
      'unknown operator "NOPE"',
      'unknown operator "ALSO_NOT"',
    ])
  })

  it('names a stray percent sign', () => {
    assert.match(faultsOf('50% of %DURATION%')[0] ?? '', /no operator at "% of %DURATION%".*%% for a percent sign/)
  })

  it('names header operators without a header and unknown time conversions', () => {
    assert.match(faultsOf('%REQ()%')[0] ?? '', /operator "REQ" needs one header/)
    assert.match(faultsOf('%START_TIME(%Q)%')[0] ?? '', /unknown conversion "%Q"/)
    assert.match(faultsOf('%PATH(XX)%')[0] ?? '', /"PATH" takes WQ or NQ.*got "XX"/)
    assert.match(faultsOf('%QUERY_PARAM%')[0] ?? '', /needs the name of a parameter/)
    assert.match(faultsOf('%DURATION(x)%')[0] ?? '', /"DURATION" takes no argument, got "x"/)
  })

  it('names the JSON field by its path', () => {
    const result = compileFormat({ kind: 'json', fields: { a: { b: '%NOPE%' }, c: ['x', '%NOR%'] } }, CONTEXT)
    assert.deepEqual(result, {
      faults: ['field "a.b": unknown operator "NOPE"', 'field "c[1]": unknown operator "NOR"'],
    })
  })

  it('knows operators whose value it never has, and says which', () => {
    const template = '%UPSTREAM_PROTOCOL% %CEL(request.path)% %PROTOCOL%'
    const result = compileFormat({ kind: 'text', template }, CONTEXT)
    assert.deepEqual('neverKnown' in result && [...result.neverKnown], ['UPSTREAM_PROTOCOL', 'CEL'])
    assert.equal(text(template, httpRequest()), '- - HTTP/1.1\n')
  })
})

describe('JSON format', () => {
  it('writes lists, and what is no string as it is', () => {
    const fields = { a: ['%PROTOCOL%', 1.5, null, { b: '%DURATION%' }], c: true, d: [] }
    assert.equal(
      compiled({ kind: 'json', fields })(httpRequest()),
      '{"a":["HTTP/1.1",1.5,null,{"b":12}],"c":true,"d":[]}\n',
    )
  })

  it('keeps the order of keys, numbers as numbers, and null for what is missing', () => {
    const fields = {
      start_time: '%START_TIME%',
      response_code: '%RESPONSE_CODE%',
      duration: '%DURATION%',
      request_id: '%REQ(X-REQUEST-ID)%',
      upstream_host: '%UPSTREAM_HOST%',
      nested: { route: 'route=%ROUTE_NAME%', agent: '%REQ(USER-AGENT)%' },
    }
    assert.equal(
      compiled({ kind: 'json', fields })(deniedConnection()),
      '{"start_time":"2026-11-21T02:08:02.123Z","response_code":0,"duration":0,"request_id":null,"upstream_host":null,' +
        '"nested":{"route":"route=-","agent":null}}\n',
    )
  })
})

describe('hostile values', () => {
  it('cannot end a line or a quoted field', () => {
    const info = httpRequest()
    info.headers = requestHeaders(() => 'a" 200\n[2026] "GET\u001b[31m\\\u2028')
    assert.equal(text('"%REQ(X)%"', info), '"a\\" 200\\n[2026] \\"GET\\x1b[31m\\\\\\u2028"\n')
  })

  it('cannot read as another line by marks that turn the direction of writing or have no width', () => {
    const marks = [0x200b, 0x200f, 0x202a, 0x202e, 0x2066, 0x2069, 0xfeff, 0x61c]
    for (const mark of marks) {
      const info = httpRequest()
      const bytes = Buffer.from(`a${String.fromCharCode(mark)}b`).toString('latin1')
      info.headers = requestHeaders(() => bytes)
      const escaped = `a\\u${mark.toString(16).padStart(4, '0')}b`
      assert.equal(text('%REQ(X)%', info), `${escaped}\n`)
      assert.equal(compiled({ kind: 'json', fields: { x: '%REQ(X)%' } })(info), `{"x":"${escaped}"}\n`)
    }
  })

  it('always make exactly one line, in text and in JSON, and JSON gives the value back', () => {
    const inText = compiled({ kind: 'text', template: '"%REQ(X)%" %REQUESTED_SERVER_NAME%' })
    const inJson = compiled({ kind: 'json', fields: { x: '%REQ(X)%', sni: 'sni %REQUESTED_SERVER_NAME%' } })
    fc.assert(
      fc.property(fc.string({ unit: 'binary', minLength: 1 }), (value) => {
        const info = httpRequest()
        info.headers = requestHeaders(() => value)
        info.requestedServerName = value
        for (const line of [inText(info), inJson(info)]) {
          assert.equal(line.search(/[\n\r\u0085\u2028\u2029]/), line.length - 1)
        }
        assert.deepEqual(JSON.parse(inJson(info)), { x: value, sni: `sni ${value}` })
      }),
    )
  })
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { renderAge } from './age.ts'
import { renderConfigTables } from './config-tables.ts'

const NOW = new Date('2026-01-02T00:00:00Z')

function object(apiVersion: string, kind: string, name: string, spec: object) {
  return { apiVersion, kind, metadata: { name, namespace: 'default', creationTimestamp: '2026-01-01T23:52:00Z' }, spec }
}

test('each kind of Istio 1.0 has its columns, and each table stands by itself', () => {
  const networking = 'networking.istio.io/v1alpha3'
  const text = renderConfigTables(
    [
      object(networking, 'Gateway', 'gw', { servers: [{ hosts: ['a.com', 'b.com'] }, { hosts: ['a.com'] }] }),
      object(networking, 'VirtualService', 'bookinfo', { hosts: ['*'], gateways: ['bookinfo-gateway'], http: [{}] }),
      object(networking, 'DestinationRule', 'reviews', { host: 'reviews', subsets: [{ name: 'v1' }, { name: 'v2' }] }),
      object(networking, 'ServiceEntry', 'googleapis', {
        hosts: ['*.googleapis.com'],
        ports: [
          { number: 443, protocol: 'HTTP' },
          { number: 80, protocol: 'http' },
        ],
      }),
      object('security.istio.io/v1', 'PeerAuthentication', 'strict', {}),
    ],
    NOW,
  )
  assert.equal(
    text,
    `GATEWAY NAME   HOSTS         NAMESPACE   AGE
gw             a.com,b.com   default     8m

VIRTUAL-SERVICE NAME   GATEWAYS           HOSTS     #HTTP     #TCP      NAMESPACE   AGE
bookinfo               bookinfo-gateway   *             1        0      default     8m

DESTINATION-RULE NAME   HOST      SUBSETS   NAMESPACE   AGE
reviews                 reviews   v1,v2     default     8m

SERVICE-ENTRY NAME   HOSTS              PORTS              NAMESPACE   AGE
googleapis           *.googleapis.com   HTTP/443,http/80   default     8m

NAME      KIND                                      NAMESPACE   AGE
strict    PeerAuthentication.security.istio.io.v1   default     8m
`,
  )
})

test('kinds of Istio 0.x have the three columns of their time', () => {
  assert.equal(
    renderConfigTables([object('config.istio.io/v1alpha2', 'EgressRule', 'googleapis', {})], NOW),
    'NAME         KIND                                  NAMESPACE\ngoogleapis   EgressRule.config.istio.io.v1alpha2   default\n',
  )
})

test('an age has one unit', () => {
  const ages = [
    '2026-01-01T23:59:59Z',
    '2026-01-01T23:00:00Z',
    '2025-12-31T00:00:00Z',
    '2023-01-01T00:00:00Z',
    undefined,
    '2027-01-01T00:00:00Z',
  ]
  assert.deepEqual(
    ages.map((time) => renderAge(time, NOW)),
    ['1s', '1h', '2d', '3y', '<unknown>', '0s'],
  )
})

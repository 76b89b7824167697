import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { readRequestTarget } from './request-target.ts'

/** "VERB group version namespace resource name subresource", or "VERB path". */
function reading(method: string, url: string): string | undefined {
  const target = readRequestTarget(method, url)
  if (target === undefined) return undefined
  const { access, version } = target
  if (access.kind === 'path') return `${access.verb} ${access.path}`
  const { verb, group, namespace, resource, name, subresource } = access
  return [verb, group, version, namespace, resource, name, subresource].map((one) => one || '-').join(' ')
}

test('paths are read as the Kubernetes API means them', () => {
  const cases: readonly (readonly [string, string, string])[] = [
    ['GET', '/', 'get /'],
    ['GET', '/api', 'get /api'],
    ['GET', '/apis/apps/v1/', 'get /apis/apps/v1'],
    ['GET', '/api/v1/pods', 'list - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch=true', 'watch - v1 - pods - -'],
    ['GET', '/api/v1/pods?watch=false', 'list - v1 - pods - -'],
    ['GET', '/api/v1/namespaces', 'list - v1 - namespaces - -'],
    ['POST', '/api/v1/namespaces', 'create - v1 - namespaces - -'],
    ['DELETE', '/api/v1/namespaces/a', 'delete - v1 a namespaces a -'],
    ['PUT', '/api/v1/namespaces/a/status', 'update - v1 a namespaces a status'],
    ['PUT', '/api/v1/namespaces/a/finalize', 'update - v1 a namespaces a finalize'],
    ['GET', '/api/v1/namespaces/a/pods', 'list - v1 a pods - -'],
    ['DELETE', '/api/v1/namespaces/a/pods', 'deletecollection - v1 a pods - -'],
    ['PATCH', '/apis/apps/v1/namespaces/a/deployments/b/scale', 'patch apps v1 a deployments b scale'],
    ['GET', '/apis/apps/v1/deployments/b', 'get apps v1 - deployments b -'],
    ['GET', '/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Db', 'list - v1 a pods b -'],
    ['GET', '/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Db,x%3Dy', 'list - v1 a pods - -'],
    ['DELETE', '/api/v1/namespaces/a/pods?fieldSelector=metadata.name%3Db', 'deletecollection - v1 a pods - -'],
    ['GET', '/api/v1/namespaces/a/pods/b/log/x', 'get /api/v1/namespaces/a/pods/b/log/x'],
  ]
  for (const [method, url, wanted] of cases) assert.equal(reading(method, url), wanted, `${method} ${url}`)
})

test('what could mean another place than it says is no path', () => {
  for (const url of ['', 'http://x/api', '/api/v1/pods/a%2Fb', '/api/../version', '/api/%2e%2e/x', '/%zz']) {
    assert.equal(reading('GET', url), undefined, url)
  }
})

test('no URL throws', () => {
  fc.assert(fc.property(fc.string(), fc.string(), (method, url) => void readRequestTarget(method, `/${url}`)))
})

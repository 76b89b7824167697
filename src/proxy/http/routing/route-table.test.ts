import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { HeaderMatch, Route, RouteMatch, RouteTable } from '#proxy/config/model.ts'
import { normalizePath } from './normalize-path.ts'
import type { RequestKey } from './request-key.ts'
import { compileRouteTable, matchRoute, pickCluster } from './route-table.ts'

function routeTo(name: string, path: RouteMatch['path'], extra: Partial<RouteMatch> = {}): Route {
  return {
    name,
    match: { path, caseSensitive: true, headers: [], ...extra },
    action: { kind: 'direct_response', status: 200, body: name },
  }
}

const ALL: RouteMatch['path'] = { kind: 'prefix', value: '/' }

function tableOf(hosts: Record<string, readonly Route[]>, ignorePortInHostMatching = true): RouteTable {
  const virtualHosts = Object.entries(hosts).map(([domains, routes]) => ({
    name: domains,
    domains: domains.split(' '),
    routes,
    includeAttemptCount: true,
  }))
  return { name: '80', ignorePortInHostMatching, virtualHosts }
}

function request(authority: string, path = '/', headers: Record<string, string> = {}, method = 'GET'): RequestKey {
  return { authority, path, method, scheme: 'http', header: (name) => headers[name] }
}

function routeName(table: RouteTable, asked: RequestKey): string {
  const decision = matchRoute(compileRouteTable(table), asked)
  return decision.kind === 'route' ? decision.route.name : decision.kind
}

test('a host finds its virtual host: exact, longest suffix, longest prefix, any', () => {
  const table = tableOf({
    'a.b.example': [routeTo('exact', ALL)],
    '*.example': [routeTo('short suffix', ALL)],
    '*.b.example': [routeTo('long suffix', ALL)],
    'a.*': [routeTo('short prefix', ALL)],
    'a.c.*': [routeTo('long prefix', ALL)],
    '*': [routeTo('any', ALL)],
  })
  assert.equal(routeName(table, request('a.b.example')), 'exact')
  assert.equal(routeName(table, request('A.B.Example:8080')), 'exact')
  assert.equal(routeName(table, request('x.b.example')), 'long suffix')
  assert.equal(routeName(table, request('x.y.b.example')), 'long suffix')
  assert.equal(routeName(table, request('b.example')), 'short suffix')
  assert.equal(routeName(table, request('a.c.d')), 'long prefix')
  assert.equal(routeName(table, request('a.x')), 'short prefix')
  assert.equal(routeName(table, request('.b.example.x')), 'any')
  assert.equal(routeName(table, request('')), 'any')
})

test('a wildcard does not stand for nothing', () => {
  assert.equal(routeName(tableOf({ '*.b.example': [routeTo('sub', ALL)] }), request('.b.example')), 'no_virtual_host')
})

test('the port of a host counts where the table says so', () => {
  const hosts = { 'a.example:81': [routeTo('with port', ALL)], 'a.example': [routeTo('without', ALL)] }
  assert.equal(routeName(tableOf(hosts, false), request('a.example:81')), 'with port')
  assert.equal(routeName(tableOf(hosts, false), request('a.example:82')), 'no_virtual_host')
  assert.equal(routeName(tableOf(hosts, true), request('a.example:82')), 'without')
  assert.equal(routeName(tableOf({ '[2001:db8::1]': [routeTo('v6', ALL)] }), request('[2001:DB8::1]:80')), 'v6')
})

test('the first route that matches is taken; a query is no part of the path', () => {
  const table = tableOf({
    '*': [
      routeTo('exact', { kind: 'exact', value: '/a' }),
      routeTo('regex', { kind: 'regex', value: '/v[0-9]+/.*' }),
      routeTo('folded', { kind: 'prefix', value: '/Static' }, { caseSensitive: false }),
      routeTo('prefix', { kind: 'prefix', value: '/a' }),
    ],
  })
  assert.equal(routeName(table, request('h', '/a?x')), 'exact')
  assert.equal(routeName(table, request('h', '/ab')), 'prefix')
  assert.equal(routeName(table, request('h', '/v12/x')), 'regex')
  assert.equal(routeName(table, request('h', '/x/v12/x')), 'no_route')
  assert.equal(routeName(table, request('h', '/sTATIC/x')), 'folded')
})

test('a route may ask for headers', () => {
  const cases: readonly (readonly [HeaderMatch, Record<string, string>, boolean])[] = [
    [{ name: 'user', test: { kind: 'exact', value: 'jason' }, invert: false }, { user: 'jason' }, true],
    [{ name: 'user', test: { kind: 'exact', value: 'jason' }, invert: false }, {}, false],
    [{ name: 'user', test: { kind: 'exact', value: 'jason' }, invert: true }, {}, true],
    [{ name: 'user', test: { kind: 'prefix', value: 'ja' }, invert: false }, { user: 'jason' }, true],
    [{ name: 'user', test: { kind: 'suffix', value: 'on' }, invert: false }, { user: 'jason' }, true],
    [{ name: 'user', test: { kind: 'contains', value: 'as' }, invert: false }, { user: 'jason' }, true],
    [{ name: 'user', test: { kind: 'regex', value: 'j.*n' }, invert: false }, { user: 'jason' }, true],
    [{ name: 'user', test: { kind: 'regex', value: 'ja' }, invert: false }, { user: 'jason' }, false],
    [{ name: 'user', test: { kind: 'present' }, invert: false }, { user: '' }, true],
    [{ name: 'user', test: { kind: 'present' }, invert: true }, { user: '' }, false],
    [{ name: ':method', test: { kind: 'exact', value: 'GET' }, invert: false }, {}, true],
    [{ name: ':authority', test: { kind: 'exact', value: 'h' }, invert: false }, {}, true],
  ]
  for (const [match, headers, matches] of cases) {
    const table = tableOf({ '*': [routeTo('hit', ALL, { headers: [match] })] })
    assert.equal(routeName(table, request('h', '/', headers)), matches ? 'hit' : 'no_route', JSON.stringify(match))
  }
})

test('weighted clusters share requests by their weights', () => {
  const action = {
    kind: 'route',
    clusters: [
      { name: 'a', weight: 80 },
      { name: 'b', weight: 20 },
    ],
    timeoutMs: 0,
    retry: undefined,
    prefixRewrite: undefined,
    hostRewrite: undefined,
  } as const
  assert.equal(pickCluster(action, 0).name, 'a')
  assert.equal(pickCluster(action, 0.79).name, 'a')
  assert.equal(pickCluster(action, 0.8).name, 'b')
  assert.equal(pickCluster(action, 0.999).name, 'b')
})

test('dot segments are taken out of a path, in every disguise', () => {
  assert.equal(normalizePath('/a/b?c=/../d'), '/a/b?c=/../d')
  assert.equal(normalizePath('/a/../b/./c'), '/b/c')
  assert.equal(normalizePath('/a/%2E%2e/b/.%2e/c'), '/c')
  assert.equal(normalizePath('/a\\..\\b'), '/b')
  assert.equal(normalizePath('/a/b/..'), '/a/')
  assert.equal(normalizePath('/.hidden/..x'), '/.hidden/..x')
  assert.equal(normalizePath('/../etc'), undefined)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verbFirst } from './leading-flags.ts'

test('flags before the verb follow it, in each form that istioctl reads', () => {
  for (const flag of ['-n shop', '-nshop', '-n=shop', '--namespace shop', '--namespace=shop']) {
    const { args } = verbFirst([...flag.split(' '), 'get', 'serviceentries'])
    assert.deepEqual(args, ['get', '--namespace=shop', 'serviceentries'], flag)
  }
  const several = verbFirst(['-c', 'file', '-i', 'istio-system', '-n', 'shop', 'get', 'all', '-n', 'other'])
  assert.deepEqual(several.args, ['get', '--kubeconfig=file', '--namespace=shop', 'all', '-n', 'other'])
  assert.equal(several.istioNamespace, 'istio-system')
  assert.deepEqual(verbFirst(['-p', 'Kubernetes', 'get', 'se']).args, ['get', 'se'])
})

test('what follows the verb is left to it', () => {
  for (const line of ['get -n shop se', 'run -- sh -c true -n x', '--version', '--help', '-n', '-n shop', '']) {
    const args = line.split(' ').filter((word) => word !== '')
    assert.deepEqual(verbFirst(args), { args, istioNamespace: undefined }, line)
  }
})

test('a flag that is no flag of istioctl stays where the program refuses it', () => {
  assert.deepEqual(verbFirst(['-n', 'shop', '--nosuch', 'get']).args, ['--namespace=shop', '--nosuch', 'get'])
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Command } from 'commander'
import { addConfigOptions, type ConfigFlags } from './config-options.ts'

test("istioctl's global flags are taken behind the verb, and stand in no help", () => {
  const verb = addConfigOptions(new Command('create').exitOverride(), true)
  verb.parse(['-f', 'a.yaml', '-i', 'istio-system', '-p', 'Kubernetes', '-n', 'shop'], { from: 'user' })
  const { filename, namespace } = verb.opts<ConfigFlags>()
  assert.deepEqual([filename, namespace], [['a.yaml'], 'shop'])
  assert.doesNotMatch(verb.helpInformation(), /platform|istioNamespace/)
})

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parseManifests } from '#kube/manifest.ts'
import { formatMessage } from '#kube/message.ts'
import { combine, isValid } from './configuration.ts'
import { checkManifestFile } from './document.ts'

function entry(metadata: string): string {
  return `apiVersion: networking.istio.io/v1\nkind: ServiceEntry\nmetadata: {${metadata}}\nspec: {hosts: [a.com]}\n`
}

function configurationOf(texts: readonly string[], duplicates: 'error' | 'warning' = 'error') {
  const files = texts.map((text, index) => checkManifestFile(parseManifests(`${index}.yaml`, text)))
  return combine(files, duplicates)
}

function namesOf(texts: readonly string[]): readonly string[] {
  return configurationOf(texts).serviceEntries.map(({ metadata }) => metadata.name)
}

test('entries without a timestamp are in the order of the files', () => {
  assert.deepEqual(namesOf([entry('name: c'), `${entry('name: a')}---\n${entry('name: b')}`]), ['c', 'a', 'b'])
})

test('entries with a timestamp are oldest first, then by name and namespace, and those without come first', () => {
  const at = (name: string, second: number) => entry(`name: ${name}, creationTimestamp: "2024-01-01T00:00:0${second}Z"`)
  assert.deepEqual(namesOf([entry('name: new'), at('late', 2), at('b', 1), at('a', 1), entry('name: newer')]), [
    'new',
    'newer',
    'a',
    'b',
    'late',
  ])
})

test('an egress rule is as old as it is, and not the oldest because it is converted', () => {
  const rule = `apiVersion: config.istio.io/v1alpha2
kind: EgressRule
metadata: {name: rule, creationTimestamp: "2024-01-01T00:00:02Z"}
spec: {destination: {service: a.com}, ports: [{port: 80, protocol: http}]}
`
  const at = (name: string, second: number) => entry(`name: ${name}, creationTimestamp: "2024-01-01T00:00:0${second}Z"`)
  assert.deepEqual(namesOf([rule, at('late', 3), at('early', 1)]), ['early', 'rule', 'late'])
})

test('an object in two places is told with both, as gravely as the caller says', () => {
  const texts = [entry('name: a'), `\n${entry('name: a, namespace: default')}`, entry('name: a, namespace: other')]
  for (const level of ['error', 'warning'] as const) {
    const { messages } = configurationOf(texts, level)
    assert.deepEqual(messages.map(formatMessage), [
      `1.yaml:2:1: ${level}: ServiceEntry default/a is already defined at 0.yaml:1`,
    ])
    assert.equal(isValid(messages), level === 'warning')
  }
})

test('messages are in the order of the files and their lines', () => {
  const { messages } = configurationOf([`${entry('name: a')}---\n${entry('name: a')}---\nkind: x\n`, '- 1\n'])
  assert.deepEqual(
    messages.map(({ file, line }) => `${file}:${line}`),
    ['0.yaml:6', '0.yaml:11', '1.yaml:1'],
  )
})

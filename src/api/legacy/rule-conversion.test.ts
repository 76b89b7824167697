import assert from 'node:assert/strict'
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { DESTINATION_RULE } from '#api/networking/destination-rule-kind.ts'
import { VIRTUAL_SERVICE } from '#api/networking/virtual-service-kind.ts'
import { Report } from '#api/schema/report.ts'
import { writeYaml } from '#api/write-yaml.ts'
import { parseManifests } from '#kube/manifest.ts'
import { readLegacyRules } from './legacy-rules.ts'
import { convertRules } from './rule-conversion.ts'

/**
 * Each case is testdata/conversion/CASE/in.yaml (route rules and destination policies) and out.yaml: the warnings as comments, and what they
 * are converted to. `UPDATE_GOLDEN=1 node --test` writes out.yaml anew.
 */
const CASES = join(import.meta.dirname, 'testdata', 'conversion')

function converted(text: string) {
  const { routeRules, destinationPolicies, messages } = readLegacyRules(parseManifests('in.yaml', text).manifests)
  return {
    objects: convertRules(routeRules, destinationPolicies),
    lines: messages.map(({ level, line, path, text }) => `${line}: ${level}: ${path}: ${text}`),
  }
}

for (const name of readdirSync(CASES).sort()) {
  test(`what ${name} is converted to`, () => {
    const { objects, lines } = converted(readFileSync(join(CASES, name, 'in.yaml'), 'utf8'))
    const actual = [...lines.map((line) => `# ${line}\n`), writeYaml(objects)].join('')
    const golden = join(CASES, name, 'out.yaml')
    if (process.env.UPDATE_GOLDEN === '1') writeFileSync(golden, actual)
    assert.equal(actual, readFileSync(golden, 'utf8'))
  })

  test(`what ${name} is converted to breaks no rule of its kind`, () => {
    for (const object of converted(readFileSync(join(CASES, name, 'in.yaml'), 'utf8')).objects) {
      const report = new Report()
      const kind = object.kind === 'VirtualService' ? VIRTUAL_SERVICE : DESTINATION_RULE
      kind.check(object, report)
      assert.deepEqual(
        report.findings.filter(({ level }) => level === 'error'),
        [],
      )
    }
  })
}

function rule(name: string, spec: string, kind = 'RouteRule'): string {
  return `apiVersion: config.istio.io/v1alpha2\nkind: ${kind}\nmetadata: {name: ${name}}\nspec: ${spec}\n`
}

test('a caller that is named without labels is refused: without it the rule would be for everyone', () => {
  const { objects, lines } = converted(rule('r', '{destination: {name: a}, match: {source: {name: b}}}'))
  assert.match(lines.join(), /^4: error: spec\.match\.source\.name: source\.name cannot be converted/)
  assert.equal(objects.length, 1)
})

test('labels that would make subsets of one name are refused', () => {
  const { lines } = converted(
    [
      rule('r', '{destination: {name: a}, route: [{labels: {b-c: d}}]}'),
      rule('s', '{destination: {name: a}, precedence: 1, route: [{labels: {b: c-d}}]}'),
    ].join('---\n'),
  )
  assert.match(lines.join(), /error: : different labels of a: b-c-d would have the same name/)
})

test('what has no meaning for TCP is left out with a warning', () => {
  const { lines } = converted(rule('r', '{destination: {name: a}, match: {tcp: {}}, rewrite: {uri: /b}}'))
  assert.match(lines.join(), /^4: warning: spec\.rewrite: rewrite is left out: it has no meaning for TCP$/)
})

test('a rule that is written twice is a warning that names both places', () => {
  const { lines } = converted(
    [rule('r', '{destination: {name: a}}'), rule('r', '{destination: {name: b}}')].join('---\n'),
  )
  assert.deepEqual(lines, ['6: warning: : RouteRule default/r is already defined at in.yaml:1'])
})

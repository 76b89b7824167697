import type { Command } from 'commander'
import { combine, isValid } from '#api/configuration.ts'
import { checkManifestFile, type DocumentFile } from '#api/document.ts'
import { convertEgressRule } from '#api/legacy/egress-rule-conversion.ts'
import { isLegacyRule, readLegacyRules } from '#api/legacy/legacy-rules.ts'
import { convertRules } from '#api/legacy/rule-conversion.ts'
import { writeYaml } from '#api/write-yaml.ts'
import type { Manifest, ManifestFile } from '#kube/manifest.ts'
import { listManifestFiles, readManifestFile } from '#kube/manifest-files.ts'
import { formatMessage } from '#kube/message.ts'
import type { VerbIo } from './verb-io.ts'

/**
 * `postern convert -f FILE...`: the same objects on standard output, every EgressRule as a ServiceEntry, and at the end all RouteRules and
 * DestinationPolicies together as VirtualServices and DestinationRules; 1 and nothing when they are invalid.
 */
export function addConvertVerb(program: Command, io: VerbIo): void {
  program
    .command('convert')
    .description(
      'Rewrites EgressRules, RouteRules and DestinationPolicies (config.istio.io/v1alpha2) as ServiceEntries, VirtualServices and DestinationRules; other objects stay as they are.',
    )
    .requiredOption('-f, --filename <path...>', 'file or directory of YAML or JSON, or - for standard input')
    .action((options: { filename: string[] }) => {
      io.exitCode = convert(options.filename, io)
    })
}

function convert(paths: readonly string[], io: VerbIo): number {
  const files = listManifestFiles(paths).map(readManifestFile)
  const checked = files.map((file) =>
    checkManifestFile({ ...file, manifests: file.manifests.filter((manifest) => !isLegacyRule(manifest)) }),
  )
  const legacy = readLegacyRules(files.flatMap((file) => file.manifests.filter(isLegacyRule)))
  const messages = [...combine(checked, 'warning').messages, ...legacy.messages]
  for (const message of messages) io.stderr.write(`${formatMessage(message)}\n`)
  if (!isValid(messages)) return 1
  const unconvertible = checked
    .flatMap((file) => file.documents)
    .filter((document) => document.kind === 'EgressRule' && document.object.spec.destination?.service === '*')
  for (const { file, position } of unconvertible)
    io.stderr.write(`${file}:${position.line}: error: cannot be converted\n`)
  if (unconvertible.length > 0) return 1
  const texts = files.flatMap((file, index) => convertedTexts(file, checked[index]!))
  const together = convertRules(legacy.routeRules, legacy.destinationPolicies)
  io.stdout.write([...texts, ...together.map((object) => writeYaml([object]))].join('---\n'))
  return 0
}

/**
 * Documents without anything to convert keep their text, comments included; a list that holds some is written as its items. Route rules and
 * destination policies are left to be converted together.
 */
function convertedTexts(file: ManifestFile, checked: DocumentFile): readonly string[] {
  const rules = new Map(
    checked.documents.flatMap((one) => (one.kind === 'EgressRule' ? [[one.manifest, one.object] as const] : [])),
  )
  const isConverted = (manifest: Manifest) => rules.has(manifest) || isLegacyRule(manifest)
  const converted = new Set(file.manifests.filter(isConverted).map((manifest) => manifest.document))
  const texts = new Map<object, string>()
  for (const manifest of file.manifests) {
    const rule = rules.get(manifest)
    if (!converted.has(manifest.document)) texts.set(manifest.document, ended(manifest.source))
    else if (!isLegacyRule(manifest)) {
      texts.set(manifest, writeYaml([rule === undefined ? manifest.value : convertEgressRule(rule)]))
    }
  }
  return [...texts.values()]
}

function ended(text: string): string {
  const trimmed = text.replace(/^---[^\n]*\n/, '').replace(/\n(?:---|\.\.\.)\s*$/, '\n')
  return trimmed.endsWith('\n') ? trimmed : `${trimmed}\n`
}

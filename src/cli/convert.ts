import type { Command } from 'commander'
import { combine, isValid } from '#api/configuration.ts'
import { checkManifestFile, type DocumentFile } from '#api/document.ts'
import { convertEgressRule } from '#api/egress-rule-conversion.ts'
import { writeYaml } from '#api/write-yaml.ts'
import type { ManifestFile } from '#kube/manifest.ts'
import { listManifestFiles, readManifestFile } from '#kube/manifest-files.ts'
import { formatMessage } from '#kube/message.ts'
import type { VerbIo } from './verb-io.ts'

/** `postern convert -f FILE...`: the same objects on standard output, every EgressRule as a ServiceEntry; 1 and nothing when they are invalid. */
export function addConvertVerb(program: Command, io: VerbIo): void {
  program
    .command('convert')
    .description('Rewrites EgressRules (config.istio.io/v1alpha2) as ServiceEntries; other objects stay as they are.')
    .requiredOption('-f, --filename <path...>', 'file or directory of YAML or JSON, or - for standard input')
    .action((options: { filename: string[] }) => {
      io.exitCode = convert(options.filename, io)
    })
}

function convert(paths: readonly string[], io: VerbIo): number {
  const files = listManifestFiles(paths).map(readManifestFile)
  const checked = files.map(checkManifestFile)
  const { messages } = combine(checked, 'warning')
  for (const message of messages) io.stderr.write(`${formatMessage(message)}\n`)
  if (!isValid(messages)) return 1
  const unconvertible = checked
    .flatMap((file) => file.documents)
    .filter((document) => document.kind === 'EgressRule' && document.object.spec.destination?.service === '*')
  for (const { file, position } of unconvertible)
    io.stderr.write(`${file}:${position.line}: error: cannot be converted\n`)
  if (unconvertible.length > 0) return 1
  io.stdout.write(files.map((file, index) => convertedText(file, checked[index]!)).join('---\n'))
  return 0
}

/** Documents without an EgressRule keep their text, comments included; a list that holds one is written as its items. */
function convertedText(file: ManifestFile, checked: DocumentFile): string {
  const rules = new Map(
    checked.documents.flatMap((one) => (one.kind === 'EgressRule' ? [[one.manifest, one.object] as const] : [])),
  )
  const converted = new Set([...rules.keys()].map((manifest) => manifest.document))
  const texts = new Map<object, string>()
  for (const manifest of file.manifests) {
    const rule = rules.get(manifest)
    if (!converted.has(manifest.document)) texts.set(manifest.document, ended(manifest.source))
    else texts.set(manifest, writeYaml([rule === undefined ? manifest.value : convertEgressRule(rule)]))
  }
  return [...texts.values()].join('---\n')
}

function ended(text: string): string {
  const trimmed = text.replace(/^---[^\n]*\n/, '').replace(/\n(?:---|\.\.\.)\s*$/, '\n')
  return trimmed.endsWith('\n') ? trimmed : `${trimmed}\n`
}

import type { FieldPath } from '#kube/field-path.ts'
import { type Manifest, type ManifestFile, messageAbout } from '#kube/manifest.ts'
import type { Message, Position } from '#kube/message.ts'
import { checkWritten } from './core/check-written.ts'
import { CONFIG_MAP } from './core/config-map.ts'
import type { KindDefinition } from './kind.ts'
import { recognise } from './kinds.ts'
import { decodeKubeObject } from './kube-object.ts'
import { decodeEgressRuleSpec, type EgressRule } from './legacy/egress-rule.ts'
import { lossesOfConversion } from './legacy/egress-rule-conversion.ts'
import { checkEgressRule } from './legacy/egress-rule-rules.ts'
import type { MeshConfig } from './mesh-config.ts'
import { isMeshConfigMap, readMeshConfigDocument, readMeshConfigMap } from './mesh-config-document.ts'
import type { Sidecar } from './networking/sidecar.ts'
import { checkSidecar } from './networking/sidecar-rules.ts'
import { decodeSidecarSpec } from './networking/sidecar-schema.ts'
import { Report } from './schema/report.ts'
import type { ServiceEntry } from './service-entry.ts'
import { checkServiceEntry } from './service-entry-rules.ts'
import { decodeServiceEntrySpec } from './service-entry-schema.ts'
import { unappliedParts, unappliedPartsOfSidecar } from './unapplied.ts'

/** One valid object and where it was written. */
export type Document = {
  readonly file: string
  readonly position: Position
  /** The object as it was written, for those who print it again. */
  readonly manifest: Manifest
} & (
  | { readonly kind: 'ServiceEntry'; readonly object: ServiceEntry }
  | { readonly kind: 'Sidecar'; readonly object: Sidecar }
  | { readonly kind: 'EgressRule'; readonly object: EgressRule }
  | { readonly kind: 'MeshConfig'; readonly object: MeshConfig }
)

/** What one file says, checked: its valid objects, and every error and warning in the order of the file. */
export interface DocumentFile {
  readonly file: string
  readonly documents: readonly Document[]
  readonly messages: readonly Message[]
}

/** Decodes and checks every object of a file, whatever is wrong with the others. Never throws. */
export function checkManifestFile(file: ManifestFile): DocumentFile {
  const documents: Document[] = []
  const messages: Message[] = [...file.messages]
  for (const manifest of file.manifests) {
    const { document, found } = checkManifest(manifest)
    for (const message of found) messages.push(message)
    if (document !== undefined) documents.push(document)
  }
  return { file: file.file, documents, messages }
}

interface Checked {
  readonly document: Document | undefined
  readonly found: readonly Message[]
}

function checkManifest(manifest: Manifest): Checked {
  const recognition = recognise(manifest.apiVersion, manifest.kind)
  if (recognition.kind === 'unknown') return finding(manifest, 'error', [recognition.field], recognition.text)
  if (recognition.kind === 'not applied') return notApplied(manifest)
  if (recognition.kind === 'checked') return checkOnly(manifest, recognition.definition)
  switch (recognition.as) {
    case 'ServiceEntry':
      return checkServiceEntryManifest(manifest)
    case 'Sidecar':
      return checkSidecarManifest(manifest)
    case 'EgressRule':
      return checkEgressRuleManifest(manifest)
    case 'MeshConfig':
      return meshConfigOf(manifest, readMeshConfigDocument(manifest))
    case 'ConfigMap':
      return isMeshConfigMap(manifest)
        ? meshConfigOf(manifest, readMeshConfigMap(manifest))
        : checkOnly(manifest, CONFIG_MAP)
  }
}

function checkServiceEntryManifest(manifest: Manifest): Checked {
  const report = new Report()
  const object = decodeKubeObject(manifest.value, decodeServiceEntrySpec, report)
  if (hasSpec(manifest)) checkServiceEntry(object, report)
  if (!report.hasErrors) unappliedParts(object, report)
  const found = report.findings.map((one) => messageAbout(manifest, one))
  if (report.hasErrors) return { document: undefined, found }
  return { document: { ...placeOf(manifest), kind: 'ServiceEntry', object }, found }
}

function checkSidecarManifest(manifest: Manifest): Checked {
  const report = new Report()
  const object = decodeKubeObject(manifest.value, decodeSidecarSpec, report)
  if (hasSpec(manifest)) checkSidecar(object, report)
  if (!report.hasErrors) unappliedPartsOfSidecar(object, report)
  const found = report.findings.map((one) => messageAbout(manifest, one))
  if (report.hasErrors) return { document: undefined, found }
  return { document: { ...placeOf(manifest), kind: 'Sidecar', object }, found }
}

function checkEgressRuleManifest(manifest: Manifest): Checked {
  const report = new Report()
  const object = decodeKubeObject(manifest.value, decodeEgressRuleSpec, report)
  if (hasSpec(manifest)) checkEgressRule(object, report)
  if (!report.hasErrors) {
    for (const { path, text } of lossesOfConversion(object)) report.warn(path, text)
  }
  const found = report.findings.map((one) => messageAbout(manifest, one))
  if (report.hasErrors) return { document: undefined, found }
  return { document: { ...placeOf(manifest), kind: 'EgressRule', object }, found }
}

/** An object of a kind that has no effect here yet: all that is wrong with it is told. */
function checkOnly(manifest: Manifest, definition: KindDefinition): Checked {
  const report = new Report()
  if (definition.isCore) checkWritten(definition, manifest.value, report)
  else definition.check(manifest.value, report)
  if (!report.hasErrors) report.warn([], `${definition.kind} is valid, but not applied by postern run yet`)
  return { document: undefined, found: report.findings.map((one) => messageAbout(manifest, one)) }
}

function meshConfigOf(
  manifest: Manifest,
  read: { readonly meshConfig: MeshConfig | undefined; readonly messages: readonly Message[] },
): Checked {
  const { meshConfig, messages } = read
  const document = meshConfig && ({ ...placeOf(manifest), kind: 'MeshConfig', object: meshConfig } as const)
  return { document, found: messages }
}

function hasSpec(manifest: Manifest): boolean {
  return manifest.value.spec !== undefined && manifest.value.spec !== null
}

function notApplied(manifest: Manifest): Checked {
  return finding(manifest, 'warning', [], `${manifest.kind} is not applied by postern run yet, and was not checked`)
}

function finding(manifest: Manifest, level: 'error' | 'warning', path: FieldPath, text: string): Checked {
  return { document: undefined, found: [messageAbout(manifest, { level, path, text })] }
}

function placeOf(manifest: Manifest): {
  readonly file: string
  readonly position: Position
  readonly manifest: Manifest
} {
  return { file: manifest.file, position: manifest.locate([]), manifest }
}

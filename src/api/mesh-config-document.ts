import { formatPath } from '#kube/field-path.ts'
import { type Manifest, messageAbout } from '#kube/manifest.ts'
import type { Finding, Message, Position } from '#kube/message.ts'
import { readYaml } from '#kube/yaml-document.ts'
import type { MeshConfig } from './mesh-config.ts'
import { decodeMeshConfig } from './mesh-config-schema.ts'
import { decodeObjectMeta } from './object-meta.ts'
import { isRecord } from './schema/decode.ts'
import { Report } from './schema/report.ts'

/** A mesh configuration, unless there were errors, and everything there is to say about it. */
export interface ReadMeshConfig {
  readonly meshConfig: MeshConfig | undefined
  readonly messages: readonly Message[]
}

/** `kind: MeshConfig`, with the fields of MeshConfig beside apiVersion, kind and an optional metadata. */
export function readMeshConfigDocument(manifest: Manifest): ReadMeshConfig {
  const { apiVersion: _apiVersion, kind: _kind, metadata, ...fields } = manifest.value
  const report = new Report()
  if (metadata !== undefined && metadata !== null) decodeObjectMeta(metadata, ['metadata'], report)
  const meshConfig = decodeMeshConfig(fields, [], report)
  return outcome(meshConfig, report, (finding) => messageAbout(manifest, finding))
}

/** Whether a ConfigMap is the one in which Istio keeps its MeshConfig: named `istio`, with `data.mesh`. */
export function isMeshConfigMap(manifest: Manifest): boolean {
  const { metadata, data } = manifest.value
  return isRecord(metadata) && metadata.name === 'istio' && isRecord(data) && typeof data.mesh === 'string'
}

/** The MeshConfig in `data.mesh`, a YAML text inside the YAML. */
export function readMeshConfigMap(manifest: Manifest): ReadMeshConfig {
  const { mesh, ...others } = manifest.value.data as { readonly mesh: string }
  const read = readYaml(mesh)
  const place = (inner: Position) => placeInside(manifest, mesh, inner)
  const report = new Report()
  for (const name of Object.keys(others)) report.warn([name], `data.${name} is not applied by postern run yet`)
  const outer = report.findings.map(({ level, path, text }) =>
    messageAbout(manifest, { level, path: ['data', ...path], text }),
  )
  const faults = read.kind === 'refused' ? [read.fault] : read.documents.flatMap((document) => document.faults)
  if (read.kind === 'refused' || faults.length > 0) {
    return {
      meshConfig: undefined,
      messages: [...outer, ...faults.map((fault) => insideMessage(manifest, fault, place(fault)))],
    }
  }
  if (read.documents.length > 1) {
    return {
      meshConfig: undefined,
      messages: [messageAbout(manifest, { level: 'error', path: ['data', 'mesh'], text: 'must be one YAML document' })],
    }
  }
  const document = read.documents[0]
  const inner = new Report()
  const meshConfig = decodeMeshConfig(document?.value ?? {}, [], inner)
  const { messages, ...rest } = outcome(meshConfig, inner, (finding) =>
    insideMessage(manifest, finding, place(document?.locate(finding.path) ?? { line: 1, column: 1 })),
  )
  return { ...rest, messages: [...outer, ...messages] }
}

function outcome(meshConfig: MeshConfig, report: Report, locate: (finding: Finding) => Message): ReadMeshConfig {
  return { meshConfig: report.hasErrors ? undefined : meshConfig, messages: report.findings.map(locate) }
}

function insideMessage(manifest: Manifest, finding: Finding, position: Position): Message {
  const path = formatPath(['data', 'mesh', ...finding.path])
  return { level: finding.level, file: manifest.file, ...position, path, text: finding.text }
}

/** A place in the inner text as a place in the file: exact in a block (`mesh: |`), else where the inner text begins. */
function placeInside(manifest: Manifest, mesh: string, inner: Position): Position {
  const outer = manifest.locate(['data', 'mesh'])
  if (!mesh.includes('\n')) return outer
  return { line: outer.line + inner.line, column: inner.column + indentationOf(mesh, manifest.source) }
}

/** How far a block is indented in the text it stands in. */
function indentationOf(block: string, text: string): number {
  const first = block.split('\n').find((line) => line.trim() !== '') ?? ''
  const line = text.split(/\r?\n/).find((one) => one.endsWith(first) && one.trim() === first.trim())
  return line === undefined ? 0 : line.length - first.length
}

import { readYaml } from '#kube/yaml-document.ts'
import { type Json, mapAt, textAt } from './json.ts'
import type { AnalysisInput, AnalysisOptions } from './subject.ts'

/**
 * What a mesh configuration says that analysis asks for: the given text, else the ConfigMap `istio` among the objects; nothing when there is neither.
 * A mesh whose proxies are told not to answer DNS, or not to allocate addresses, allocates none (spec 3.13).
 */
export function analysisSettings(
  objects: readonly AnalysisInput[],
  text: string | undefined,
): Pick<AnalysisOptions, 'rootNamespace' | 'allocatesAddresses'> {
  const config = parsed(text ?? liveConfig(objects))
  const rootNamespace = textAt(config, 'rootNamespace')
  const metadata = mapAt(config, 'defaultConfig', 'proxyMetadata')
  const isOff = (name: string) => String(metadata?.[name] ?? '').toLowerCase() === 'false'
  const allocatesAddresses = !isOff('ISTIO_META_DNS_CAPTURE') && !isOff('ISTIO_META_DNS_AUTO_ALLOCATE')
  return { allocatesAddresses, ...(rootNamespace !== '' && { rootNamespace }) }
}

function liveConfig(objects: readonly AnalysisInput[]): string {
  const held = objects.find(
    ({ object }) =>
      object.kind === 'ConfigMap' &&
      textAt(object, 'metadata', 'name') === 'istio' &&
      textAt(object, 'data', 'mesh') !== '',
  )
  return textAt(held?.object, 'data', 'mesh')
}

function parsed(text: string): Json | undefined {
  const read = readYaml(text)
  const value = read.kind === 'documents' ? read.documents[0]?.value : undefined
  return mapAt({ value }, 'value')
}

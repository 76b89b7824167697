import type { MeshConfig } from '#api/mesh-config.ts'
import type { Sidecar } from '#api/networking/sidecar.ts'
import type { Mesh } from '#control/mesh/mesh.ts'
import { sidecarFor } from '#control/mesh/sidecar-scope.ts'
import { accessLogsOf } from './access-log.ts'
import { type ListenerContext, listenerContext } from './listeners.ts'
import { type ProxyNode, standIn } from './proxy-node.ts'
import type { TranslationMemory } from './translation-memory.ts'

/** What a translation is made from beside services: whom it is for, and the configuration that counts there. */
export interface Place {
  readonly node: ProxyNode
  readonly sidecar: Sidecar | undefined
  readonly config: MeshConfig
  readonly context: ListenerContext
}

/** The place of a node, or of any for which the translation is the same. */
export function placeOf(mesh: Mesh, asking: ProxyNode, memory: TranslationMemory): Place {
  const node = standIn(mesh, asking)
  const sidecar = sidecarFor(mesh, node)
  const config = configFor(mesh, node, sidecar, memory)
  return { node, sidecar, config, context: listenerContext(config, accessLogsOf(config)) }
}

/** Whether the same services are translated to the same in both. Labels have had their effect: they select the Sidecar. */
export function isSamePlace(a: Place, b: Place): boolean {
  return (
    a.config === b.config &&
    a.sidecar === b.sidecar &&
    a.node.namespace === b.node.namespace &&
    a.node.dnsDomain === b.node.dnsDomain &&
    a.node.ipFamilies === b.node.ipFamilies &&
    a.node.dnsCapture === b.node.dnsCapture &&
    a.node.nameTableShards === b.node.nameTableShards
  )
}

/**
 * The mesh's configuration, with the Sidecar's word on unknown destinations and the proxy's own on the access log: for as long as none of them changes the
 * same object. Of a Sidecar's policy the mode is applied.
 */
function configFor(
  { config }: Mesh,
  { accessLog }: ProxyNode,
  sidecar: Sidecar | undefined,
  { configs }: TranslationMemory,
): MeshConfig {
  const written = sidecar?.spec.outboundTrafficPolicy?.mode
  const mode =
    written === undefined ? config.outboundTrafficPolicy.mode : written === 'ALLOW_ANY' ? written : 'REGISTRY_ONLY'
  if (accessLog === undefined && mode === config.outboundTrafficPolicy.mode) return config
  const { file, encoding } = accessLog ?? { file: config.accessLogFile, encoding: config.accessLogEncoding }
  return configs.recall(config, 'of a proxy', [mode, file, encoding], () => ({
    ...config,
    outboundTrafficPolicy: { mode },
    accessLogFile: file,
    accessLogEncoding: encoding,
  }))
}

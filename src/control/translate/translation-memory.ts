import type { MeshConfig } from '#api/mesh-config.ts'
import { Memo } from '#base/memo.ts'
import type { Endpoint } from '#control/mesh/service.ts'
import type { OwnParts } from './own-parts.ts'

/** What translations made before, for whichever proxies: whoever translates again and again keeps one. */
export class TranslationMemory {
  /** Configurations that were made of the mesh's for proxies of their own. */
  readonly configs = new Memo<MeshConfig>()
  /** Of services that stand alone; undefined where a part of one has no effect. */
  readonly own = new Memo<OwnParts | undefined>()
  readonly endpoints = new Memo<readonly Endpoint[]>()
}

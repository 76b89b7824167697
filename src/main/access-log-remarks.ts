import type { MeshConfig } from '#api/mesh-config.ts'
import type { LogRemark } from '#cli/validate.ts'

/** What a sidecar would refuse, or leave empty, of the access-log format that a mesh configuration asks for: the code that reads it there is asked. */
export async function accessLogRemarks(config: MeshConfig): Promise<readonly LogRemark[]> {
  if (config.accessLogFormat === '') return []
  const [{ accessLogsOf }, { decodeAccessLogs }, { Place }, { compileFormat }] = await Promise.all([
    import('#control/translate/access-log.ts'),
    import('#proxy/config/decode-access-log.ts'),
    import('#proxy/config/place.ts'),
    import('#proxy/access-log/formatter.ts'),
  ])
  const errors: string[] = []
  const { always } = accessLogsOf({ ...config, accessLogFile: '/dev/stdout' })
  const logs = decodeAccessLogs(always, new Place({ errors, notes: [] }, 'a sidecar refuses it'))
  const compiled = logs.map(({ format }) => compileFormat(format, { hostname: '' }))
  const empty = new Set(compiled.flatMap((one) => ('neverKnown' in one ? [...one.neverKnown] : [])))
  return [
    ...errors.map((text) => ({ level: 'error' as const, text })),
    ...[...empty].map((name) => ({
      level: 'warning' as const,
      text: `a sidecar has no value for the operator "${name}": it is logged as missing`,
    })),
  ]
}

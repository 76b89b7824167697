import type { StreamInfo } from '#proxy/connection/stream-info.ts'

/** Writes one finished connection or request to every log of a filter. Never throws, never waits. */
export type AccessLogger = (info: StreamInfo) => void

/** Logs nothing: what a filter without access log gets. */
export const NO_ACCESS_LOG: AccessLogger = () => {}

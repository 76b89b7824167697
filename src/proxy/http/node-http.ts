/**
 * The names that Node knows: status codes with their reason phrases, and methods. Asked of the built-in module, because an import reads
 * each of its exports once, and the reading of some loads fetch and WebSocket: 4 MB and 15 ms that a sidecar has no use for.
 */
export const { STATUS_CODES, METHODS } = process.getBuiltinModule('node:http')

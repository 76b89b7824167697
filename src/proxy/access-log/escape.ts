import { isUtf8 } from 'node:buffer'

/**
 * Values in a log line come from strangers (header values, server names): what could end a line or a quoted field, or speak to
 * a terminal, is written as an escape, so that one request is always exactly one line.
 */

/** For text formats: quotes and backslashes get a backslash, control characters become \n, \r, \t or \xNN (\uNNNN above 255). */
export function escapeText(value: string): string {
  for (let at = 0; at < value.length; at += 1) {
    if (forges(value.charCodeAt(at))) return value.slice(0, at) + escapeFrom(value, at)
  }
  return value
}

/** A JSON string, quotes included; control characters that JSON would let through are escaped as well. */
export function quoteJson(value: string): string {
  const quoted = JSON.stringify(value)
  for (let at = 0; at < quoted.length; at += 1) {
    if (isLateControl(quoted.charCodeAt(at))) return quoted.slice(0, at) + escapeLateControls(quoted, at)
  }
  return quoted
}

/** Bytes of a header, each a character, as what they mean: UTF-8 if they are, else Latin-1. */
export function textOfBytes(value: string): string {
  if (!NOT_ASCII.test(value) || NO_BYTE.test(value)) return value
  const bytes = Buffer.from(value, 'latin1')
  return isUtf8(bytes) ? bytes.toString() : value
}

const NOT_ASCII = /[\u0080-\uffff]/
const NO_BYTE = /[\u0100-\uffff]/
const QUOTE = 0x22
const BACKSLASH = 0x5c

/**
 * DEL, the C1 controls, and the two Unicode line ends: legal inside JSON strings, ends of lines to many readers. And the characters without
 * a width, or by which the direction of writing changes: with them a line reads as another.
 */
function isLateControl(code: number): boolean {
  if (code < 0x200b) return (code >= 0x7f && code <= 0x9f) || code === 0x61c
  return code <= 0x200f || (code >= 0x2028 && code <= 0x202e) || (code >= 0x2060 && code <= 0x206f) || code === 0xfeff
}

function forges(code: number): boolean {
  return code < 0x20 || code === QUOTE || code === BACKSLASH || isLateControl(code)
}

function escapeFrom(value: string, start: number): string {
  let escaped = ''
  for (let at = start; at < value.length; at += 1) {
    const code = value.charCodeAt(at)
    escaped += forges(code) ? escapeOf(code) : value[at]
  }
  return escaped
}

function escapeOf(code: number): string {
  if (code === QUOTE) return '\\"'
  if (code === BACKSLASH) return '\\\\'
  if (code === 0x0a) return '\\n'
  if (code === 0x0d) return '\\r'
  if (code === 0x09) return '\\t'
  const hex = code.toString(16)
  return code > 0xff ? `\\u${hex.padStart(4, '0')}` : `\\x${hex.padStart(2, '0')}`
}

function escapeLateControls(quoted: string, start: number): string {
  let escaped = ''
  for (let at = start; at < quoted.length; at += 1) {
    const code = quoted.charCodeAt(at)
    escaped += isLateControl(code) ? `\\u${code.toString(16).padStart(4, '0')}` : quoted[at]
  }
  return escaped
}

import assert from 'node:assert/strict'
import { constants } from 'node:os'
import { test } from 'node:test'
import { buildFilter } from './seccomp.ts'

const { EAFNOSUPPORT, EPERM, ENOSYS, EPROTONOSUPPORT } = constants.errno
const x64 = { audit: 0xc000003e, socket: 41, clone: 56, clone3: 435, ioctl: 16, unshare: 272, read: 0, setns: 308 }
const arm64 = { audit: 0xc00000b7, socket: 198, clone: 220, clone3: 435, ioctl: 29, unshare: 97, read: 63, setns: 268 }

/** Runs the filter as the kernel would; answers the errno, or 0 for allowed. */
function judge(architecture: 'x64' | 'arm64', audit: number, number: number, ...args: readonly number[]): number {
  const program = buildFilter(architecture)!
  const data = Buffer.alloc(64)
  data.writeUInt32LE(number, 0)
  data.writeUInt32LE(audit, 4)
  for (const [index, arg] of args.entries()) data.writeBigUInt64LE(BigInt.asUintN(64, BigInt(arg)), 16 + index * 8)
  let accumulator = 0
  for (let at = 0; ; at++) {
    const code = program.readUInt16LE(at * 8)
    const operand = program.readUInt32LE(at * 8 + 4)
    const jump = (isTrue: boolean) => program.readUInt8(at * 8 + (isTrue ? 2 : 3))
    if (code === 0x20) accumulator = data.readUInt32LE(operand)
    else if (code === 0x54) accumulator = (accumulator & operand) >>> 0
    else if (code === 0x15) at += jump(accumulator === operand)
    else if (code === 0x35) at += jump(accumulator >= operand)
    else if (code === 0x45) at += jump((accumulator & operand) !== 0)
    else if (code === 0x06) return operand === 0x7fff0000 ? 0 : operand & 0xffff
    else throw new Error(`instruction ${at} has the unknown code ${code}`)
  }
}

for (const [name, calls] of [
  ['x64', x64],
  ['arm64', arm64],
] as const) {
  const on = (call: keyof typeof x64, ...args: readonly number[]) => judge(name, calls.audit, calls[call], ...args)

  test(`on ${name}, internet and Unix sockets are allowed, raw and foreign ones refused`, () => {
    for (const domain of [1, 2, 10]) assert.equal(on('socket', domain, 1, 0), 0)
    assert.equal(on('socket', 2, 2 | 0x80000, 17), 0)
    assert.equal(on('socket', 2, 3 | 0x80800, 1), EPERM)
    assert.equal(on('socket', 10, 3, 58), EPERM)
    for (const domain of [17, 38, 40, 44]) assert.equal(on('socket', domain, 1, 0), EAFNOSUPPORT)
    assert.equal(on('socket', 16, 3, 0), 0)
    assert.equal(on('socket', 16, 3, 15), EPROTONOSUPPORT)
  })

  test(`on ${name}, processes and threads start, namespaces do not`, () => {
    const thread = 0x3d0f00
    assert.equal(on('clone', thread), 0)
    assert.equal(on('clone', 17), 0)
    for (const flag of [0x20000, 0x10000000, 0x40000000]) {
      assert.equal(on('clone', flag | 17), EPERM)
      assert.equal(on('unshare', flag), EPERM)
    }
    assert.equal(on('unshare', 0x400), 0)
    assert.equal(on('clone3'), ENOSYS)
    assert.equal(on('setns'), EPERM)
    assert.equal(on('read'), 0)
  })

  test(`on ${name}, terminal input is refused whatever the upper half of the request says`, () => {
    assert.equal(on('ioctl', 0, 0x5412), EPERM)
    assert.equal(on('ioctl', 0, 2 ** 32 + 0x5412), EPERM)
    assert.equal(on('ioctl', 0, 0x541c), EPERM)
    assert.equal(on('ioctl', 0, 0x5413), 0)
  })

  test(`on ${name}, calls of another architecture do not exist`, () => {
    assert.equal(judge(name, 0x40000003, 102), ENOSYS)
  })
}

test('calls by the x32 convention do not exist', () => {
  assert.equal(judge('x64', x64.audit, 0x40000000 + x64.socket, 40, 1, 0), ENOSYS)
})

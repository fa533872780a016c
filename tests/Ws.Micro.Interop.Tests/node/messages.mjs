// The messages that every peer sends, and what it says of those that it receives.
import { createHash } from 'node:crypto'

const period = Buffer.from(Array.from({ length: 251 }, (_, i) => i))

export const payload = (kind, size) =>
  kind === 'binary' ? Buffer.alloc(size, period) : Buffer.from('aé€😀'.repeat(size / 10) + 'x'.repeat(size % 10))

export const describe = (data, isBinary) =>
  ({ kind: isBinary ? 'binary' : 'text', length: data.length, sha256: createHash('sha256').update(data).digest('hex') })

export function send(socket, data, binary, fragments) {
  for (let i = 1; i <= fragments; i++) {
    const piece = data.subarray(Math.floor(data.length * (i - 1) / fragments), Math.floor(data.length * i / fragments))
    socket.send(piece, { binary, fin: i === fragments })
  }
}

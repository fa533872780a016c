// The messages that every peer sends, and what it says of those that it receives.
import { createHash } from 'node:crypto'

const period = Buffer.from(Array.from({ length: 251 }, (_, i) => i))

export const payload = (kind, size) =>
  kind === 'reading' ? Buffer.from(readings(size)) : kind === 'binary' ? Buffer.alloc(size, period) : Buffer.from('aé€😀'.repeat(size / 10) + 'x'.repeat(size % 10))

function readings(size) {
  let text = ''
  for (let n = size; text.length < size; n++) {
    text += `{"id":"sensor-7","seq":${n},"temperature":${1800 + n * 37 % 600},"humidity":${300 + n * 11 % 400},"ok":true}\n`
  }
  return text.slice(0, size)
}

// permessage-deflate, for the limits that are asked for; where there are none, as ws has it.
export const perMessageDeflate = ({ serverBits, clientBits, serverForgets, clientForgets }) => ({
  serverMaxWindowBits: serverBits < 15 ? serverBits : undefined,
  clientMaxWindowBits: clientBits < 15 ? clientBits : undefined,
  serverNoContextTakeover: serverForgets || undefined,
  clientNoContextTakeover: clientForgets || undefined,
  threshold: 0
})

// What was agreed on, as the header says it.
export function extensions(socket) {
  const params = socket._extensions['permessage-deflate']?.params
  return params && ['permessage-deflate', ...Object.entries(params).map(([name, value]) => value === true ? name : `${name}=${value}`)].join('; ')
}

export const describe = (data, isBinary) =>
  ({ kind: isBinary ? 'binary' : 'text', length: data.length, sha256: createHash('sha256').update(data).digest('hex') })

export function send(socket, data, binary, fragments) {
  for (let i = 1; i <= fragments; i++) {
    const piece = data.subarray(Math.floor(data.length * (i - 1) / fragments), Math.floor(data.length * i / fragments))
    socket.send(piece, { binary, fin: i === fragments })
  }
}

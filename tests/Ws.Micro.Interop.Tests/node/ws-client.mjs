// node ws-client.mjs ROOT: each line of its input is a JSON request: connect to url (wss by the certificate in the file ROOT), send a message of
// kind for each of sizes in so many fragments, each when the one before has come back, then close with code and reason where clientCloses. deflate:
// the limits to ask for.
// Prints each connection's transcript as one JSON line.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import { createInterface } from 'node:readline'
import WebSocket from 'ws'
import { describe, extensions, payload, perMessageDeflate, send } from './messages.mjs'

const ca = readFileSync(process.argv[2])
for await (const line of createInterface({ input: process.stdin })) console.log(JSON.stringify(await talk(JSON.parse(line))))

async function talk({ url, kind, sizes, fragments, clientCloses, code, reason, deflate }) {
  const messages = []
  const socket = new WebSocket(url, { ca, perMessageDeflate: deflate ? perMessageDeflate(deflate) : true })
  const closed = new Promise(resolve => {
    let error
    socket.on('error', e => { error = e.message })
    socket.on('close', (code, reason) => resolve({ messages, code, reason: reason.toString(), error, extensions: extensions(socket) }))
  })
  const next = event => Promise.race([once(socket, event), closed.then(() => { throw new Error(`closed before ${event}`) })])
  try {
    await next('open')
    for (const size of sizes) {
      send(socket, payload(kind, size), kind === 'binary', fragments)
      messages.push(describe(...await next('message')))
    }
    if (clientCloses) socket.close(code, reason)
  } catch (e) {
    socket.terminate()
    return { ...await closed, error: e.message }
  }
  return await closed
}

// node ws-server.mjs PEM...: a ws server and, for each PEM (certificate and key), a wss server, on 127.0.0.1. Prints their ports as one JSON line.
// The query of a connection says fragments=N for the messages sent back, count=N for how many there are, and code= and reason= where the
// server closes after them; deflate= the limits to ask for, as JSON. Prints each connection's transcript as one JSON line. Ends with its input.
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import http from 'node:http'
import https from 'node:https'
import { WebSocketServer } from 'ws'
import { describe, extensions, perMessageDeflate, send } from './messages.mjs'

const pems = process.argv.slice(2).map(file => readFileSync(file))
const servers = [http.createServer(), ...pems.map(pem => https.createServer({ cert: pem, key: pem }))]
for (const server of servers) {
  server.on('upgrade', (request, socket, head) => {
    const deflate = query(request).get('deflate')
    new WebSocketServer({ noServer: true, perMessageDeflate: deflate ? perMessageDeflate(JSON.parse(deflate)) : false })
      .handleUpgrade(request, socket, head, serve)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
}
console.log(JSON.stringify(servers.map(server => server.address().port)))
process.stdin.on('end', () => process.exit()).resume()

function query(request) {
  return new URL(request.url, 'http://localhost').searchParams
}

function serve(socket, request) {
  const parameters = query(request)
  const messages = []
  let error
  const closeWhenDone = () => {
    if (parameters.has('code') && messages.length === Number(parameters.get('count'))) socket.close(Number(parameters.get('code')), parameters.get('reason'))
  }
  socket.on('message', (data, isBinary) => {
    messages.push(describe(data, isBinary))
    send(socket, data, isBinary, Number(parameters.get('fragments')))
    closeWhenDone()
  })
  socket.on('error', e => { error = e.message })
  socket.on('close', (code, reason) => console.log(JSON.stringify({ messages, code, reason: reason.toString(), error, extensions: extensions(socket) })))
  closeWhenDone()
}

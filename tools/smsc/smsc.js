// A message centre (SMSC) for the tests of the SMPP client, made of a library that shares nothing
// with it. It is told by one JSON argument, says what happens as JSON lines on standard output,
// takes commands as lines on standard input, and ends when that ends.
//
//   argument   {"system_id", "password", "throttle": n, "queue_full": n, "receipts": bool, "cert", "key": files}
//   commands   throttle N | mute N | drop | unbind | enquire | text | raw HEX | receipt ID STATE | tlv ID STATE-NUMBER
'use strict';
const fs = require('fs');
const readline = require('readline');
const smpp = require('smpp');

const o = JSON.parse(process.argv[2] || '{}');
const say = (event, fields) => process.stdout.write(JSON.stringify({event, ...fields}) + '\n');

// Without its filter the library leaves the octets as they came.
delete smpp.commands.submit_sm.params.short_message.filter;
delete smpp.commands.deliver_sm.params.short_message.filter;

let throttle = o.throttle || 0, queueFull = o.queue_full || 0, mute = 0, taken = 0;
const bound = new Set();

const stamp = '2601021504';
function receiptText(id, state) {
  return `id:${id} sub:001 dlvrd:${state === 'DELIVRD' ? '001' : '000'} submit date:${stamp} done date:${stamp} ` +
    `stat:${state} err:${state === 'DELIVRD' ? '000' : '042'} text:stat:EXPIRED id:0`;
}

function deliver(session, fields) {
  session.deliver_sm({source_addr_ton: 1, source_addr_npi: 1, source_addr: '436601234567', destination_addr: 'Acme', ...fields},
    (r) => say('deliver_sm_resp', {status: r.command_status, command: r.command}));
}

function bind(session, p) {
  if (p.system_id !== o.system_id || p.password !== o.password) {
    session.send(p.response({command_status: smpp.ESME_RINVPASWD}));
    say('refused', {system_id: p.system_id});
    return;
  }
  bound.add(session);
  session.send(p.response({system_id: 'smsc'}));
  say('bind', {command: p.command, system_id: p.system_id, system_type: p.system_type, version: p.interface_version});
}

function submit(session, p) {
  const seen = {
    hex: p.short_message.toString('hex'), data_coding: p.data_coding, esm_class: p.esm_class,
    source: [p.source_addr_ton, p.source_addr_npi, p.source_addr].join('/'),
    destination: [p.dest_addr_ton, p.dest_addr_npi, p.destination_addr].join('/'),
    registered: p.registered_delivery,
  };
  const refuse = (status) => { session.send(p.response({command_status: status})); say('refuse_sm', {...seen, status}); };
  if (throttle > 0) { throttle--; return refuse(smpp.ESME_RTHROTTLED); }
  if (queueFull > 0) { queueFull--; return refuse(smpp.ESME_RMSGQFUL); }
  if (p.destination_addr.startsWith('999')) return refuse(smpp.ESME_RINVDSTADR);
  if (mute > 0) { mute--; say('mute_sm', seen); return; }
  const message_id = (0xA0 + ++taken).toString(16).toUpperCase().padStart(8, '0');
  session.send(p.response({message_id}));
  say('submit_sm', {...seen, message_id});
  if (o.receipts && p.registered_delivery) {
    deliver(session, {esm_class: 4, short_message: Buffer.from(receiptText(message_id, 'DELIVRD'))});
  }
}

const options = o.cert ? {cert: fs.readFileSync(o.cert), key: fs.readFileSync(o.key)} : {};
const server = smpp.createServer(options, (session) => {
  session.on('error', (e) => say('error', {text: String(e.message)}));
  session.on('close', () => { bound.delete(session); say('close', {}); });
  session.on('bind_transceiver', (p) => bind(session, p));
  session.on('bind_transmitter', (p) => bind(session, p));
  session.on('submit_sm', (p) => submit(session, p));
  session.on('enquire_link', (p) => { session.send(p.response()); say('enquire_link', {}); });
  session.on('unbind', (p) => { session.send(p.response()); say('unbind', {}); session.close(); });
  session.on('generic_nack', (p) => say('generic_nack', {status: p.command_status}));
});
server.on('tlsClientError', (e) => say('error', {text: String(e.message)}));
server.listen(0, '127.0.0.1', () => say('listening', {port: server.address().port}));

const commands = {
  throttle: (n) => { throttle = Number(n); },
  mute: (n) => { mute = Number(n); },
  drop: () => bound.forEach((s) => s.destroy()),
  unbind: () => bound.forEach((s) => s.unbind((r) => say('unbind_resp', {status: r.command_status}))),
  enquire: () => bound.forEach((s) => s.enquire_link((r) => say('enquire_link_resp', {status: r.command_status}))),
  text: () => bound.forEach((s) => deliver(s, {short_message: Buffer.from('STOP')})),
  raw: (hex) => bound.forEach((s) => s.socket.write(Buffer.from(hex, 'hex'))),
  receipt: (id, state) => bound.forEach((s) => deliver(s, {esm_class: 4, short_message: Buffer.from(receiptText(id, state))})),
  tlv: (id, state) => bound.forEach((s) => deliver(s, {esm_class: 4, short_message: Buffer.alloc(0), receipted_message_id: id, message_state: Number(state)})),
};
readline.createInterface({input: process.stdin})
  .on('line', (line) => { const [word, ...rest] = line.split(' '); commands[word](...rest); say('done', {command: word}); })
  .on('close', () => process.exit(0));

// One peer of a call. The test drives it through `window.peer` and carries its signals to the other page.
const chunkBytes = 16 * 1024;
const highWaterBytes = 256 * 1024;

let connection;
// The caller's data channel, and when it is open.
let channel;
let opened;
let received = [];
let onReceived = () => undefined;

function start(iceServers) {
  connection = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' });
  connection.onicecandidate = ({ candidate }) => {
    if (candidate !== null) window.sendSignal({ candidate: candidate.toJSON() });
  };
  connection.ontrack = ({ streams }) => {
    document.getElementById('remote').srcObject = streams[0];
  };
}

async function addCamera() {
  const stream = await navigator.mediaDevices.getUserMedia({ video: { width: 320, height: 240, frameRate: 30 } });
  for (const track of stream.getTracks()) connection.addTrack(track, stream);
}

// Sends without ever queueing much more than `highWaterBytes`.
async function sendAll(channel, chunks) {
  channel.bufferedAmountLowThreshold = highWaterBytes / 2;
  for await (const chunk of chunks) {
    if (channel.bufferedAmount > highWaterBytes) {
      await new Promise((resolve) => {
        channel.onbufferedamountlow = resolve;
      });
    }
    channel.send(chunk);
  }
}

// The caller: opens the data channel and offers.
async function call(iceServers) {
  start(iceServers);
  await addCamera();
  channel = connection.createDataChannel('echo');
  channel.binaryType = 'arraybuffer';
  channel.onmessage = ({ data }) => {
    const chunk = new Uint8Array(data);
    received.push(chunk);
    onReceived(chunk);
  };
  opened = new Promise((resolve) => {
    channel.onopen = resolve;
  });
  await connection.setLocalDescription();
  window.sendSignal({ description: connection.localDescription.toJSON() });
}

// The callee: answers, and echoes every message of every data channel.
async function answer(iceServers) {
  start(iceServers);
  await addCamera();
  connection.ondatachannel = ({ channel }) => {
    channel.binaryType = 'arraybuffer';
    const waiting = [];
    let wake = () => undefined;
    channel.onmessage = ({ data }) => {
      waiting.push(data);
      wake();
    };
    async function* messages() {
      for (;;) {
        while (waiting.length > 0) yield waiting.shift();
        await new Promise((resolve) => {
          wake = resolve;
        });
      }
    }
    void sendAll(channel, messages());
  };
}

// Signals are handled one after the other: a candidate must not overtake its description.
let handled = Promise.resolve();
function receiveSignal(signal) {
  handled = handled.then(async () => {
    if (signal.candidate !== undefined) return connection.addIceCandidate(signal.candidate);
    await connection.setRemoteDescription(signal.description);
    if (signal.description.type !== 'offer') return undefined;
    await connection.setLocalDescription();
    return window.sendSignal({ description: connection.localDescription.toJSON() });
  });
  return handled;
}

function sha256(bytes) {
  return crypto.subtle.digest('SHA-256', bytes).then((digest) => new Uint8Array(digest).toHex());
}

// Sends random bytes through the echo. Tells what went out and what came back.
async function echo(totalBytes) {
  await opened;
  const sent = new Uint8Array(totalBytes);
  // getRandomValues fills 64 KiB at most.
  for (let at = 0; at < totalBytes; at += 65536) crypto.getRandomValues(sent.subarray(at, at + 65536));
  function* chunks() {
    for (let at = 0; at < totalBytes; at += chunkBytes) yield sent.subarray(at, at + chunkBytes);
  }
  received = [];
  let receivedBytes = 0;
  const allBack = new Promise((resolve, reject) => {
    onReceived = (chunk) => {
      receivedBytes += chunk.length;
      if (receivedBytes >= totalBytes) resolve();
    };
    setTimeout(() => {
      reject(new Error(`${receivedBytes} of ${totalBytes} bytes came back in 60 s; ${connection.connectionState}`));
    }, 60_000);
  });
  await Promise.all([sendAll(channel, chunks()), allBack]);
  const back = new Uint8Array(await new Blob(received).arrayBuffer());
  return {
    sent: { bytes: sent.length, sha256: await sha256(sent) },
    back: { bytes: back.length, sha256: await sha256(back) },
    identical: back.length === sent.length && back.every((byte, at) => byte === sent[at]),
  };
}

// How many frames of the other peer's camera were decoded so far.
async function framesDecoded() {
  const stats = await connection.getStats();
  return (
    [...stats.values()].find((entry) => entry.type === 'inbound-rtp' && entry.kind === 'video')?.framesDecoded ?? 0
  );
}

// Every pair of candidates that a transport of this connection has selected. Firefox marks the pair itself.
async function selectedPairs() {
  const stats = await connection.getStats();
  const entries = [...stats.values()];
  const marked = entries.filter((entry) => entry.type === 'candidate-pair' && entry.selected === true);
  const selected = entries
    .filter((entry) => entry.type === 'transport')
    .map((transport) => stats.get(transport.selectedCandidatePairId));
  return (marked.length > 0 ? marked : selected)
    .map((pair) => ({ local: stats.get(pair?.localCandidateId), remote: stats.get(pair?.remoteCandidateId) }))
    .map(({ local, remote }) => ({
      local: { candidateType: local?.candidateType, relayProtocol: local?.relayProtocol },
      remote: { candidateType: remote?.candidateType },
    }));
}

// What is gathered with these servers and relays alone: the protocols by which candidates were got, and what failed.
async function gather(iceServers) {
  const gathering = new RTCPeerConnection({ iceServers, iceTransportPolicy: 'relay' });
  const gathered = { relayProtocols: [], errorCodes: [] };
  gathering.onicecandidateerror = ({ errorCode }) => gathered.errorCodes.push(errorCode);
  const complete = new Promise((resolve) => {
    gathering.onicecandidate = ({ candidate }) => {
      if (candidate === null) resolve();
      else gathered.relayProtocols.push(candidate.relayProtocol);
    };
  });
  gathering.createDataChannel('gathering');
  await gathering.setLocalDescription();
  await complete;
  gathering.close();
  return gathered;
}

window.peer = { call, answer, receiveSignal, echo, framesDecoded, selectedPairs, gather };

/**
 * The back ends of applications: asks for credentials at a steady rate until it is killed, and says once a second how many it got.
 *
 *     issuing-process.ts URL API_KEY PER_SECOND
 */
import { Agent, request } from 'node:http';

const [url = '', apiKey = '', perSecondText = ''] = process.argv.slice(2);
const perSecond = Number(perSecondText);
const tickMs = 5;
/** Requests that wait for their answer; what is more is left out, as a back end with a full pool would. */
const maxInFlight = 256;

const agent = new Agent({ keepAlive: true, maxSockets: 16 });
const headers = { authorization: `Bearer ${apiKey}`, 'content-type': 'application/json' };
let due = 0;
let inFlight = 0;
let granted = 0;
let refused = 0;
let number = 0;

setInterval(() => {
  due = Math.min(due + (perSecond * tickMs) / 1000, perSecond);
  for (; due >= 1 && inFlight < maxInFlight; due--) ask();
}, tickMs);

setInterval(() => {
  console.log(JSON.stringify({ event: 'issued', granted, refused }));
  granted = 0;
  refused = 0;
}, 1000);

console.log(JSON.stringify({ event: 'ready' }));

function ask(): void {
  inFlight++;
  number++;
  const body = JSON.stringify({ subject: `user-${number % 5000}` });
  const sent = request(`${url}/v1/ice-servers`, { method: 'POST', agent, headers }, (response) => {
    response.resume().on('end', () => {
      inFlight--;
      if (response.statusCode === 201) granted++;
      else refused++;
    });
  });
  sent.on('error', () => {
    inFlight--;
    refused++;
  });
  sent.end(body);
}

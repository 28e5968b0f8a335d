// Stands in for a kube-apiserver or a pod: /livez answers ok, /who names this server and the client's address as seen
// here, /watch stays open and counts, /count says how far. After /fail/N the next N health checks fail. With key and
// certificate it speaks HTTPS.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';

const [name, port, key, cert] = process.argv.slice(2);

function answer(request, response) {
  if (request.url === '/livez') livez(response);
  else if (request.url === '/who') response.end(JSON.stringify({ name, client: request.socket.remoteAddress }));
  else if (request.url === '/count') response.end(String(count));
  else if (request.url.startsWith('/fail/')) fail(response, Number(request.url.slice(6)));
  else watchers.add(response.on('close', () => watchers.delete(response)));
}

function fail(response, times) {
  failures = times;
  response.end();
}

function livez(response) {
  if (failures > 0) {
    response.statusCode = 500;
    if (--failures === 0) console.log('recovered');
  }
  response.end();
}

const watchers = new Set();
let failures = 0;
let count = 0;
setInterval(() => {
  count++;
  for (const response of watchers) response.write(`${name} ${count}\n`);
}, 50);

const server = key
  ? createTlsServer({ key: readFileSync(key), cert: readFileSync(cert) }, answer)
  : createServer(answer);
server.listen(Number(port), '0.0.0.0', () => console.log('listening'));

// Stands in for a kube-apiserver: /livez answers ok, /who names this server and the client's address as seen here,
// /watch stays open as a watch does.
import { readFileSync } from 'node:fs';
import { createServer } from 'node:https';

const [name, key, cert, port] = process.argv.slice(2);
const server = createServer({ key: readFileSync(key), cert: readFileSync(cert) }, (request, response) => {
  if (request.url === '/livez') response.end('ok');
  else if (request.url === '/who') response.end(JSON.stringify({ name, client: request.socket.remoteAddress }));
  else response.write(`watching ${name}\n`);
});
server.listen(Number(port), '0.0.0.0', () => console.log('listening'));

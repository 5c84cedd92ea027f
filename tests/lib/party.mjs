// HTTP servers that play the applications: they keep what arrives, and answer as they are told.
import http from 'node:http';

import { freePort } from './process.mjs';
import { until } from './wait.mjs';

/** answer(url, fields, response) may answer by itself and return true; else the page says "arrived". */
export async function startParty({ host = 'localhost', answer } = {}) {
	const port = await freePort();
	const party = { origin: `http://${host}:${port}`, arrivals: [] };
	const handle = (message, response) => {
		const parts = [];
		message.on('data', (part) => parts.push(part));
		message.on('end', () => {
			const url = new URL(message.url, party.origin);
			const body = Buffer.concat(parts).toString('utf8');
			const fields = message.method === 'POST' ? new URLSearchParams(body) : url.searchParams;
			if (url.pathname === '/favicon.ico') {
				response.writeHead(404).end();
				return;
			}
			party.arrivals.push({ method: message.method, url, fields, headers: message.headers });
			if (answer?.(url, fields, response))
				return;
			response.writeHead(200, { 'Content-Type': 'text/html; charset=utf-8' });
			response.end('<!doctype html><html lang="en"><title>Arrived</title><h1 id="arrived">arrived</h1></html>');
		});
	};
	const servers = [];
	for (const address of ['127.0.0.1', '::1']) {
		const server = http.createServer(handle);
		const listening = await new Promise((resolve) => {
			server.once('error', () => resolve(false));
			server.listen(port, address, () => resolve(true));
		});
		if (listening)
			servers.push(server);
	}
	party.next = (count = 1) => until(`${count} arrivals at ${party.origin}`, () => party.arrivals.length >= count && party.arrivals[count - 1]);
	party.stop = async () => {
		for (const server of servers) {
			server.closeAllConnections();
			await new Promise((resolve) => server.close(resolve));
		}
	};
	return party;
}

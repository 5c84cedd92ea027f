// What stands in front of a server: a proxy that can be told to do what badly set up ones do, and certificates for TLS.
import http from 'node:http';
import https from 'node:https';
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { run } from './process.mjs';

/** A certificate of its own making in `folder`: { key, cert } (texts) and { keyFile, certFile }. */
export async function certificate(folder, { name = 'localhost', days = 60 } = {}) {
	const keyFile = path.join(folder, 'tls-key.pem');
	const certFile = path.join(folder, 'tls-cert.pem');
	const made = await run('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', String(days),
		'-subj', `/CN=${name}`, '-addext', `subjectAltName=DNS:${name}`, '-keyout', keyFile, '-out', certFile]);
	if (made.code !== 0)
		throw new Error(made.stderr);
	return { keyFile, certFile, key: await readFile(keyFile, 'utf8'), cert: await readFile(certFile, 'utf8') };
}

/**
 * Listens on `port` and passes everything to `to` (a port of this machine). `front.twist` may have
 *   request(options, body): changes what is sent on; gives the body to send;
 *   answer(answer, request): changes { status, headers, body } before it is sent back; an answer for a request that `own` made.
 *   own(request): an answer of the proxy's own, or nothing.
 */
export async function startFront({ port, to, tls }) {
	const front = { twist: {} };
	const send = (response, method, { status, headers, body }) => {
		const own = { ...headers };
		delete own['transfer-encoding'];
		own['content-length'] = String(body.length);
		response.writeHead(status, own);
		response.end(method === 'HEAD' ? undefined : body);
	};
	const handle = (message, response) => {
		const parts = [];
		message.on('data', (part) => parts.push(part));
		message.on('end', () => {
			const { twist } = front;
			const asked = { method: message.method, url: message.url, headers: { ...message.headers } };
			const own = twist.own?.(asked);
			if (own) {
				send(response, message.method, { status: 200, headers: {}, ...own, body: Buffer.from(own.body ?? '') });
				return;
			}
			const options = { host: '127.0.0.1', port: to, method: asked.method, path: asked.url, headers: { ...asked.headers } };
			let body = Buffer.concat(parts);
			body = twist.request?.(options, body) ?? body;
			const onward = http.request(options, (answer) => {
				const pieces = [];
				answer.on('data', (piece) => pieces.push(piece));
				answer.on('end', () => {
					const whole = { status: answer.statusCode, headers: { ...answer.headers }, body: Buffer.concat(pieces) };
					twist.answer?.(whole, asked);
					send(response, message.method, whole);
				});
			});
			onward.on('error', () => send(response, message.method, { status: 502, headers: {}, body: Buffer.alloc(0) }));
			onward.end(body);
		});
	};
	const server = tls ? https.createServer(tls, handle) : http.createServer(handle);
	await new Promise((resolve, reject) => {
		server.once('error', reject);
		server.listen(port, 'localhost', resolve);
	});
	front.certificate = (next) => server.setSecureContext(next);
	front.stop = async () => {
		server.closeAllConnections();
		await new Promise((resolve) => server.close(resolve));
	};
	return front;
}

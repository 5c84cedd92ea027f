// One endpoint run by its environment alone, as a web server would run it (RFC 3875).
import path from 'node:path';
import { spawn } from 'node:child_process';

import { Answer, formBody } from './http.mjs';
import { ROOT } from './server.mjs';

const STATIC = { '/.well-known/openid-configuration': 'discovery', '/.well-known/jwks.json': 'jwks' };

export function cgiEnvironment(server, { method = 'GET', query = '', headers = {}, length, name, more = {} }) {
	const environment = {
		PATH: process.env.PATH,
		LATCHKEY_CONFIG: server.config,
		GATEWAY_INTERFACE: 'CGI/1.1',
		SERVER_PROTOCOL: 'HTTP/1.1',
		SERVER_SOFTWARE: 'test',
		SERVER_NAME: 'localhost',
		SERVER_PORT: String(server.port),
		REMOTE_ADDR: '127.0.0.1',
		SCRIPT_NAME: `/cgi-bin/${name}`,
		REQUEST_METHOD: method,
		QUERY_STRING: query,
	};
	for (const [header, value] of Object.entries(headers)) {
		const key = header.toUpperCase().replaceAll('-', '_');
		environment[key === 'CONTENT_TYPE' || key === 'CONTENT_LENGTH' ? key : `HTTP_${key}`] = String(value);
	}
	if (length !== undefined)
		environment.CONTENT_LENGTH = String(length);
	return { ...environment, ...more };
}

/** A CGI answer as an HTTP one. */
export function cgiAnswer(url, bytes) {
	const gap = /\r?\n\r?\n/.exec(bytes.toString('latin1'));
	if (!gap)
		throw new Error(`no CGI answer: ${bytes.toString('utf8').slice(0, 2000)}`);
	const lines = bytes.subarray(0, gap.index).toString('latin1').split(/\r?\n/);
	const message = { statusCode: 200, headers: {}, rawHeaders: lines };
	for (const line of lines) {
		const name = line.slice(0, line.indexOf(':')).toLowerCase();
		const value = line.slice(line.indexOf(':') + 1).trim();
		if (name === 'status')
			message.statusCode = parseInt(value, 10);
		else if (name === 'set-cookie')
			(message.headers[name] ??= []).push(value);
		else
			message.headers[name] = value;
	}
	return new Answer(url, message, bytes.subarray(gap.index + gap[0].length));
}

/** Starts an endpoint that waits for its body; `answer` comes after body() has been called. */
export function startCgi(server, url, { method, headers = {}, body, bin = path.join(ROOT, 'build/cgi-bin'), wrapper = [], more, length } = {}) {
	const target = new URL(url);
	const name = STATIC[target.pathname] ?? target.pathname.replace(/^\/cgi-bin\//, '');
	const command = [...wrapper, path.join(bin, name)];
	const child = spawn(command[0], command.slice(1), {
		stdio: ['pipe', 'pipe', 'pipe'],
		env: cgiEnvironment(server, { method, query: target.search.slice(1), headers, name, more,
			length: length ?? (body === undefined ? undefined : Buffer.byteLength(body)) }),
	});
	const out = [];
	const err = [];
	child.stdout.on('data', (part) => out.push(part));
	child.stderr.on('data', (part) => err.push(part));
	child.stdin.on('error', () => {});
	const answer = new Promise((resolve, reject) => {
		child.on('error', reject);
		child.on('close', (code, signal) => {
			const problem = Buffer.concat(err).toString('utf8');
			if (code !== 0)
				reject(new Error(`${name} ended with ${signal ?? code}:\n${problem}`));
			else
				resolve(Object.assign(cgiAnswer(target, Buffer.concat(out)), { stderr: problem }));
		});
	});
	answer.catch(() => {});
	return { child, answer, release: () => child.stdin.end(body ?? '') };
}

/** A transport for Browser, and a request() for tests, without a web server. */
export function cgiTransport(server, options) {
	return async (url, { method = 'GET', form, body, headers = {} } = {}) => {
		const text = form === undefined ? body : formBody(form);
		const started = startCgi(server, url, {
			method: form === undefined ? method : 'POST',
			headers: form === undefined ? headers : { 'Content-Type': 'application/x-www-form-urlencoded', ...headers },
			body: text,
			...options,
		});
		started.release();
		return started.answer;
	};
}

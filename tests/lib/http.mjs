// HTTP without the habits of fetch(): every header is the test's own, redirects are not followed, bytes stay bytes.
import http from 'node:http';
import https from 'node:https';

const agent = new http.Agent({ keepAlive: true });

export class Answer {
	constructor(url, message, bytes) {
		this.url = url;
		this.status = message.statusCode;
		this.headers = message.headers;
		this.rawHeaders = message.rawHeaders;
		this.bytes = bytes;
		this.text = bytes.toString('utf8');
	}

	json() {
		return JSON.parse(this.text);
	}

	/** Where a redirect leads; null if it is none. */
	get location() {
		return this.headers.location === undefined ? null : new URL(this.headers.location, this.url);
	}

	get isPage() {
		return /^text\/html\b/.test(this.headers['content-type'] ?? '');
	}
}

/** A form's body of an object, of pairs, or of URLSearchParams. */
export function formBody(fields) {
	const pairs = fields instanceof URLSearchParams || Array.isArray(fields) ? fields : Object.entries(fields);
	return new URLSearchParams([...pairs].filter(([, value]) => value !== undefined && value !== null)).toString();
}

/** options: method, headers, body (text or bytes), form (fields; makes it a POST), ca (certificates that vouch for an https server), localAddress (to come from). */
export function request(url, options = {}) {
	const target = new URL(url);
	const headers = { ...options.headers };
	let { body, method } = options;
	if (options.form !== undefined) {
		body = formBody(options.form);
		headers['Content-Type'] ??= 'application/x-www-form-urlencoded';
		method ??= 'POST';
	}
	if (body !== undefined)
		headers['Content-Length'] ??= Buffer.byteLength(body);
	return new Promise((resolve, reject) => {
		const secure = target.protocol === 'https:';
		const sent = (secure ? https : http).request({
			agent: secure ? undefined : !options.again && agent,
			ca: options.ca,
			localAddress: options.localAddress,
			host: target.hostname.replace(/^\[|\]$/g, ''),
			port: target.port || (secure ? 443 : 80),
			path: options.rawPath ?? target.pathname + target.search,
			method: method ?? 'GET',
			headers: { Host: target.host, ...headers },
			timeout: 60000,
		}, (message) => {
			const parts = [];
			message.on('data', (part) => parts.push(part));
			message.on('error', reject);
			message.on('end', () => resolve(new Answer(target, message, Buffer.concat(parts))));
		});
		sent.on('timeout', () => sent.destroy(new Error(`no answer from ${target.origin}${target.pathname}`)));
		sent.on('error', (error) => {
			// The server may close an idle connection in the moment in which it is used again.
			if (error.code === 'ECONNRESET' && sent.reusedSocket && !options.again)
				resolve(request(url, { ...options, again: true }));
			else
				reject(error);
		});
		sent.end(body);
	});
}

export function basic(id, secret) {
	const encode = (text) => new URLSearchParams([['', text]]).toString().slice(1);
	return `Basic ${Buffer.from(`${encode(id)}:${encode(secret)}`).toString('base64')}`;
}

// Mails as a user gets them: out of the folder DIR/mail/sent, or from an SMTP server that the test starts.
import { readFile, readdir } from 'node:fs/promises';
import path from 'node:path';

import { run, start } from './process.mjs';
import { ROOT } from './server.mjs';
import { until } from './wait.mjs';

function unfold(text) {
	const headers = {};
	for (const line of text.replace(/\r\n[ \t]/g, ' ').split('\r\n')) {
		const colon = line.indexOf(':');
		headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
	}
	return headers;
}

/** RFC 2047: the encoded words that a header has. */
function words(text) {
	return text.replace(/\?=\s+=\?/g, '?==?')
		.replace(/=\?UTF-8\?B\?([^?]*)\?=/gi, (_, base64) => Buffer.from(base64, 'base64').toString('latin1'))
		.replace(/[\u0080-\u00ff]+/g, (bytes) => Buffer.from(bytes, 'latin1').toString('utf8'));
}

function decode(body, encoding) {
	if (encoding !== 'quoted-printable')
		return body;
	const bytes = body.replace(/=\r\n/g, '').replace(/=([0-9A-F]{2})/g, (_, digits) => String.fromCharCode(parseInt(digits, 16)));
	return Buffer.from(bytes, 'latin1').toString('utf8');
}

/** A mail taken apart: { headers, to, from, subject, text, html, link (the first one to the issuer's endpoints), raw }. */
export function parseMail(raw) {
	const gap = raw.indexOf('\r\n\r\n');
	const headers = unfold(raw.slice(0, gap));
	const [, boundary] = /boundary="([^"]+)"/.exec(headers['content-type']);
	const parts = raw.slice(gap + 2).split(`\r\n--${boundary}`).slice(1, -1).map((part) => {
		const end = part.indexOf('\r\n\r\n');
		const own = unfold(part.slice(2, end));
		return { type: own['content-type'], body: decode(part.slice(end + 4), own['content-transfer-encoding']) };
	});
	const body = (type) => parts.find((part) => part.type.startsWith(type))?.body.replaceAll('\r\n', '\n');
	const text = body('text/plain');
	return {
		raw, headers, text, html: body('text/html'),
		to: headers.to, from: words(headers.from), subject: words(headers.subject),
		link: /https?:\/\/\S+\?(?:token|invitation)=\S+/.exec(text)?.[0],
	};
}

/** What deliver wrote into the folder so far, oldest first; `kind` as in the outbox without "mail.": "reset_password". */
export async function mails(server) {
	const folder = path.join(server.directory, 'mail/sent');
	const files = (await readdir(folder).catch(() => [])).filter((file) => file.endsWith('.eml')).sort();
	return Promise.all(files.map(async (file) => ({
		file: path.join(folder, file),
		kind: /^\d+-([a-z_]+)-\d+\.eml$/.exec(file)?.[1],
		...parseMail(await readFile(path.join(folder, file), 'utf8')),
	})));
}

/** The first mail of that kind to that address after `skip` others of the same kind and address. */
export function waitForMail(server, to, kind, { skip = 0, seconds = 20 } = {}) {
	return until(`a mail "${kind}" to ${to}`, async () =>
		(await mails(server)).filter((mail) => mail.kind === kind && mail.to === `<${to}>`)[skip], seconds);
}

/** build/bin/deliver, once. What it says as an object. */
export async function deliver(server, args = ['--once']) {
	const result = await run(path.join(ROOT, 'build/bin/deliver'), [...args, '--json'], { env: server.environment });
	if (result.code !== 0)
		throw new Error(`deliver: ${result.code}: ${result.stderr || result.stdout}`);
	return { ...JSON.parse(result.stdout), said: result.stderr };
}

/**
 * A real SMTP server on a free port of 127.0.0.1 (Debian's python3-aiosmtpd). Options: `tls` "" | "starttls" | "smtps" with
 * `certificate` and `key` (files), `user` and `password` (then it asks for them), `refuse` (a reply such as "451 later"),
 * `slow` (seconds before it takes a mail).
 * .url, .messages() (parsed, with `from` and `to` of the envelope as envelope), .stop().
 */
export async function startSmtp(options = {}) {
	const service = start('/usr/bin/python3', [path.join(ROOT, 'tests/lib/smtp_server.py'), JSON.stringify(options)]);
	const lines = () => service.output().split('\n').slice(0, -1).filter((line) => line.startsWith('{')).map((line) => JSON.parse(line));
	const [{ port }] = await until('the SMTP server listens', () => {
		if (service.over)
			throw new Error(service.output());
		return lines().length > 0 && lines();
	});
	return {
		port,
		url: `${options.tls === 'smtps' ? 'smtps' : 'smtp'}://localhost:${port}`,
		messages: () => lines().filter((line) => line.data !== undefined)
			.map(({ data, ...envelope }) => ({ ...parseMail(data), envelope })),
		tries: () => lines().filter((line) => line.tried).length,
		stop: () => service.stop(),
	};
}
